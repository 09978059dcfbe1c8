"""Prints trades of markets: read_trades.py synthetic:BTC-USDT 'binance:*'

A line each: time, market, side, price, amount. Says so where some were lost.
"""

import sys
from contextlib import suppress
from datetime import datetime, timezone

from websockets.exceptions import ConnectionClosed

from millrace import atto_of, body_of, connect, message_of, reply_of, request, run, text_of
from stream_generated import Body, Gap, Trade

SIDES = ("unknown", "buy", "sell")


def print_message(message):
    market = f"{message.Exchange().decode()}:{message.Symbol().decode()}"
    if message.BodyType() == Body.Gap:
        gap = body_of(message, Gap)
        print(f"{market} lost {gap.Lost():.0f}: {gap.Reason().decode()}", flush=True)
    elif message.BodyType() == Body.Trade:
        trade = body_of(message, Trade)
        price, amount = (text_of(atto_of(each.Milli(), each.Atto())) for each in (trade.Price(), trade.Amount()))
        seconds, micros = divmod(int(message.TimestampUs()), 1_000_000)
        time = datetime.fromtimestamp(seconds, timezone.utc).strftime("%H:%M:%S")
        print(f"{time}.{micros:06d} {market} {SIDES[trade.Side()]} {price} {amount}", flush=True)


async def main(markets):
    async for socket in connect():
        await request(socket, "subscribe", [f"trade.{market}" for market in markets])
        with suppress(ConnectionClosed):
            async for data in socket:
                if isinstance(data, str):
                    reply_of(data)
                else:
                    print_message(message_of(data))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: read_trades.py VENUE:SYMBOL …")
    run(main(sys.argv[1:]))
