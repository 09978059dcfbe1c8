"""Keeps a verified copy of one book: follow_book.py synthetic:BTC-USDT

Prints, once a second, the best levels and how many messages matched the engine's checksum. A hole in the numbers or a
wrong checksum is counted, and the book is asked for anew; after a lost connection it goes on where it was.
"""

import sys
import time
from bisect import bisect_left, insort
from contextlib import suppress
from zlib import crc32

from websockets.exceptions import ConnectionClosed

from millrace import atto_of, body_of, connect, message_of, reply_of, request, run, text_of
from stream_generated import Body, BookChange

CHECKED_LEVELS = 10


class Side:
    """Amounts by price, both as counts of 10^-18; prices also in order."""

    def __init__(self):
        self.amounts = {}
        self.prices = []

    def set(self, price, amount):
        if amount == 0:
            if self.amounts.pop(price, None) is not None:
                del self.prices[bisect_left(self.prices, price)]
        else:
            if price not in self.amounts:
                insort(self.prices, price)
            self.amounts[price] = amount


class Book:
    def __init__(self):
        self.seq = None  # None until there is a whole book, and after a break
        self.bids, self.asks = Side(), Side()
        self.state = "syncing"  # as the engine says; only a live book is to be acted on
        self.verified = self.broken = 0

    def take(self, message):
        """Applies one change. False where the book is wrong from here on."""
        change = body_of(message, BookChange)
        if change.IsSnapshot() and change.Part() == 1:
            self.bids, self.asks = Side(), Side()
        elif change.IsSnapshot() and self.seq is not None:
            return True  # a part given again after a resume
        elif not change.IsSnapshot() and self.seq is None:
            return True  # of before the whole book that is on its way
        elif not change.IsSnapshot() and message.PrevSeq() != self.seq:
            return self.fail()
        self.fill(self.bids, change.Bids, change.BidsLength())
        self.fill(self.asks, change.Asks, change.AsksLength())
        if change.Part() < change.Parts():
            self.seq = None
            return True
        self.seq = int(message.Seq())
        self.state = change.State().decode()
        if change.Checksum() is None:
            return True  # not asked for
        if change.Checksum() != self.checksum():
            return self.fail()
        self.verified += 1
        return True

    def fill(self, side, level_at, count):
        for index in range(count):
            level = level_at(index)
            price = atto_of(level.PriceMilli(), level.PriceAtto())
            side.set(price, atto_of(level.QuantityMilli(), level.QuantityAtto()))

    def fail(self):
        self.seq = None
        self.state = "resyncing"
        self.broken += 1
        return False

    def checksum(self):
        """CRC-32 of the ten best levels, bid and ask in turn (docs/stream.md, Checksum)."""
        parts = []
        for rank in range(CHECKED_LEVELS):
            for side, index in ((self.bids, -1 - rank), (self.asks, rank)):
                if rank < len(side.prices):
                    price = side.prices[index]
                    parts += [text_of(price), text_of(side.amounts[price])]
        return crc32(":".join(parts).encode())

    def line(self):
        best = [
            f"{text_of(side.amounts[side.prices[index]])} @ {text_of(side.prices[index])}" if side.prices else "none"
            for side, index in ((self.bids, -1), (self.asks, 0))
        ]
        levels = f"{len(self.bids.prices)}+{len(self.asks.prices)} levels"
        return f"{self.state} seq {self.seq} bid {best[0]} ask {best[1]} {levels} verified {self.verified} broken {self.broken}"


async def main(market):
    channel, book, engine, printed = f"book.{market}", Book(), None, 0.0
    async for socket in connect():
        if book.seq is None:
            await request(socket, "subscribe", [channel])
        else:
            await request(socket, "resume", [{"channel": channel, "seq": book.seq}], engine=engine)
        with suppress(ConnectionClosed):
            async for data in socket:
                if isinstance(data, str):
                    engine = reply_of(data).get("engine", engine)
                    continue
                message = message_of(data)
                if message.BodyType() == Body.Gap:
                    book.state = "resyncing"  # the engine sends a whole book by itself
                elif message.BodyType() == Body.BookChange and not book.take(message):
                    await request(socket, "unsubscribe", [channel])
                    await request(socket, "subscribe", [channel])
                if book.seq is not None and time.monotonic() - printed >= 1:
                    printed = time.monotonic()
                    print(book.line(), flush=True)
        book.state = "resyncing"  # as far as is known here: the next message says


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: follow_book.py VENUE:SYMBOL")
    run(main(sys.argv[1]))
