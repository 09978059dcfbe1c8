// Finds the tags of an update in a FlatBuffers message of the stream. Hot path: once per message.

import { ByteBuffer } from 'flatbuffers';
import { Body, BookChange, Decimal, Message, PriceLevel, Trade } from '../../schemas/generated/stream.ts';
import { TAG_CYCLE, TAG_DECIMALS } from './protocol.ts';
import { MessageKind, type TagReader, Tags } from './tags.ts';

/** Tags in one milli, and atto in one tag. */
const TAGS_PER_MILLI = 10 ** (TAG_DECIMALS - 3);
const ATTO_PER_TAG = 10 ** (18 - TAG_DECIMALS);

/** 0 for a quantity that is no tag. */
function tagOfQuantity(milli: number, atto: number): number {
  const tag = milli * TAGS_PER_MILLI + atto / ATTO_PER_TAG;
  return Number.isInteger(tag) && tag <= TAG_CYCLE ? tag : 0;
}

/** Replies come as text on the same socket and never get here. */
export class FlatbufferTags implements TagReader {
  readonly tags = new Tags();
  private buffer = new ByteBuffer(new Uint8Array(0));
  private readonly message = new Message();
  private readonly trade = new Trade();
  private readonly change = new BookChange();
  private readonly amount = new Decimal();
  private readonly level = new PriceLevel();

  read(bytes: Uint8Array, start: number, _end: number): MessageKind {
    this.tags.clear();
    // The reader's memory is the same from message to message, but for when it grows.
    if (this.buffer.bytes() !== bytes) this.buffer = new ByteBuffer(bytes);
    this.buffer.setPosition(start);
    const message = Message.getRootAsMessage(this.buffer, this.message);
    switch (message.bodyType()) {
      case Body.Trade:
        message.body(this.trade);
        this.readTrade();
        return MessageKind.update;
      case Body.BookChange:
        message.body(this.change);
        this.readLevels();
        return this.change.isSnapshot() ? MessageKind.snapshot : MessageKind.update;
      case Body.Gap:
        return MessageKind.gap;
      default:
        return MessageKind.other;
    }
  }

  private readTrade(): void {
    const amount = this.trade.amount(this.amount);
    if (amount !== null) this.tags.add(tagOfQuantity(amount.milli(), amount.atto()));
  }

  private readLevels(): void {
    const { change, level } = this;
    const bids = change.bidsLength();
    const asks = change.asksLength();
    for (let i = 0; i < bids; i++) if (change.bids(i, level) !== null) this.readLevel();
    for (let i = 0; i < asks; i++) if (change.asks(i, level) !== null) this.readLevel();
  }

  private readLevel(): void {
    this.tags.add(tagOfQuantity(this.level.quantityMilli(), this.level.quantityAtto()));
  }
}
