// Remembers the market of each id seen on a connection, by its 64 hex digits as sixteen words. Hot path.

import type { RecordSink } from '../../decode/sink.ts';
import type { MarketId } from './market-id.ts';

const WORDS = 16;
const ID_BYTES = 66;
/** Entries: one for each of a connection's markets where there are few, overwritten where two meet. 68 KiB. */
const ENTRIES = 1024;
const ENTRY_WORDS = WORDS + 1;
const MARKET_AT = WORDS;
/** Ids are hashes: one of their words spreads well. */
const HASH_WORD = 3;
const HASH_SHIFT = 22;
const NONE = -1;

/** The digits are in another writing than the symbol's: the decoder that reads any has the word. */
export const UNREAD = -1000;

export class IdMarkets {
  private readonly sink: RecordSink;
  private readonly id: MarketId;
  private readonly entries = new Int32Array(ENTRIES * ENTRY_WORDS);
  private readonly words = new Int32Array(WORDS);
  private missed = NONE;
  private missedMarket = 0;

  constructor(sink: RecordSink, id: MarketId) {
    this.sink = sink;
    this.id = id;
  }

  /** The market of the digits at view[at..at + 64), `0x` before them: as RecordSink.market(), or UNREAD. */
  find(view: DataView, at: number): number {
    this.missed = NONE;
    const { words, entries } = this;
    for (let i = 0; i < WORDS; i++) words[i] = view.getInt32(at + 4 * i, true);
    const entry = (Math.imul(words[HASH_WORD], 0x9e3779b1) >>> HASH_SHIFT) * ENTRY_WORDS;
    for (let i = 0; i < WORDS; i++) if (entries[entry + i] !== words[i]) return this.look(view, at, entry);
    return entries[entry + MARKET_AT];
  }

  private look(view: DataView, at: number, entry: number): number {
    const { id } = this;
    const sent = new Uint8Array(view.buffer, view.byteOffset + at - 2, ID_BYTES);
    if (id.read(sent, 0, ID_BYTES) < 0 || !id.equals(sent, ID_BYTES) || !isHex(sent)) return UNREAD;
    const market = this.sink.market(sent, 0, ID_BYTES);
    if (market < 0) return market;
    this.missed = entry;
    this.missedMarket = market;
    return market;
  }

  /** The frame was good: an id that was looked up for it is remembered. Before, its market might still be taken back. */
  keep(): void {
    if (this.missed < 0) return;
    for (let i = 0; i < WORDS; i++) this.entries[this.missed + i] = this.words[i];
    this.entries[this.missed + MARKET_AT] = this.missedMarket;
    this.missed = NONE;
  }
}

/** True for `0x` and digits in lower case; texts that are no id are kept as they are, whatever they hold. */
function isHex(text: Uint8Array): boolean {
  for (let i = 2; i < ID_BYTES; i++) {
    const byte = text[i];
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if (!isDigit && (byte < 0x61 || byte > 0x66)) return false;
  }
  return true;
}
