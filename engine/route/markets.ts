// Gives each market its id: symbol bytes to integer without a string. Hot path: find() runs once per record group.
// Thread: ingress only; other threads read the names through engine/memory/market-names.ts.

import { SYMBOL_BYTES_MAX } from '../../schemas/config.ts';
import { FrameResult } from '../../schemas/ids.ts';
import { engineWords, MARKET_NAME_BYTES_MAX, marketRow } from '../../schemas/shared-state.ts';
import { UsageError } from '../base/errors.ts';
import { matchesPattern } from '../base/market-plans.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';

const COLON = 0x3a;
const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** FNV-1a over bytes, continued from `seed` (Fowler, Noll, Vo). */
function hashBytes(seed: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = seed;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], FNV_PRIME);
  return hash;
}

/** True where a symbol may be one: 1 to 80 bytes of UTF-8 without control characters, quotes or backslash (INTERFACES). */
function isSymbol(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 1 || to - from > SYMBOL_BYTES_MAX) return false;
  for (let i = from; i < to; i++) {
    const byte = bytes[i];
    if (byte < 0x20 || byte === 0x22 || byte === 0x27 || byte === 0x5c || byte === 0x7f) return false;
  }
  try {
    strictUtf8.decode(bytes.subarray(from, to));
    return true;
  } catch {
    return false;
  }
}

/** True where a venue named by a message may be one: as a symbol, and without a colon, which ends it. */
function isVenue(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > MARKET_NAME_BYTES_MAX - SYMBOL_BYTES_MAX - 1 || !isSymbol(bytes, from, to)) return false;
  for (let i = from; i < to; i++) if (bytes[i] === COLON) return false;
  return true;
}

/**
 * Open addressing over ids; the key bytes are those of the shared name rows. Markets found new in a frame are
 * provisional until the frame ends: confirm() shows them to the other threads, rollback() takes them back.
 */
export class MarketDirectory {
  private readonly rows: Uint8Array;
  private readonly words: Int32Array;
  private readonly table: Int32Array;
  private readonly mask: number;
  private readonly limit: number;
  private readonly accepts: readonly string[];
  private confirmed: number;
  private count: number;
  private readonly places: Int32Array;

  /** `accepts` are patterns of the markets to be taken. */
  constructor(memory: EngineMemory, accepts: readonly string[] = ['*']) {
    this.accepts = accepts;
    this.rows = new Uint8Array(memory.marketRows);
    this.words = new Int32Array(memory.words);
    this.limit = memory.marketsMax;
    let size = 16;
    while (size < memory.marketsMax * 4) size *= 2;
    this.table = new Int32Array(size).fill(-1);
    this.mask = size - 1;
    this.places = new Int32Array(memory.marketsMax);
    this.confirmed = Atomics.load(this.words, engineWords.at.marketCount);
    this.count = this.confirmed;
    for (let market = 0; market < this.count; market++) this.reinsert(market);
  }

  private reinsert(market: number): void {
    const at = market * marketRow.sizeBytes;
    const from = at + marketRow.at.name;
    const venueTo = from + this.rows[at + marketRow.at.venueBytes];
    const to = from + this.rows[at + marketRow.at.nameBytes];
    const hash = hashBytes(hashBytes(FNV_OFFSET, this.rows, from, venueTo), this.rows, venueTo + 1, to);
    let place = hash & this.mask;
    while (this.table[place] !== -1) place = (place + 1) & this.mask;
    this.table[place] = market;
    this.places[market] = place;
  }

  /** Id of the market, new or not; or a negative FrameResult: `shape` for an impossible name, `unknownMarket` at the limit. */
  find(venue: Uint8Array, venueFrom: number, venueTo: number, bytes: Uint8Array, from: number, to: number): number {
    const hash = hashBytes(hashBytes(FNV_OFFSET, venue, venueFrom, venueTo), bytes, from, to);
    let place = hash & this.mask;
    for (;;) {
      const market = this.table[place];
      if (market === -1) break;
      if (this.isAt(market, venue, venueFrom, venueTo, bytes, from, to)) return market;
      place = (place + 1) & this.mask;
    }
    if (!isVenue(venue, venueFrom, venueTo) || !isSymbol(bytes, from, to)) return FrameResult.shape;
    if (this.count === this.limit) return FrameResult.unknownMarket;
    if (!this.isAccepted(venue.subarray(venueFrom, venueTo), bytes.subarray(from, to)))
      return FrameResult.unknownMarket;
    return this.add(place, venue, venueFrom, venueTo, bytes, from, to);
  }

  private isAccepted(venue: Uint8Array, symbol: Uint8Array): boolean {
    const name = `${strictUtf8.decode(venue)}:${strictUtf8.decode(symbol)}`;
    return this.accepts.some((pattern) => matchesPattern(pattern, name));
  }

  private isAt(
    market: number,
    venue: Uint8Array,
    venueFrom: number,
    venueTo: number,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): boolean {
    const rows = this.rows;
    const at = market * marketRow.sizeBytes;
    const venueLength = venueTo - venueFrom;
    const length = to - from;
    if (rows[at + marketRow.at.nameBytes] !== venueLength + 1 + length) return false;
    if (rows[at + marketRow.at.venueBytes] !== venueLength) return false;
    const symbolAt = at + marketRow.at.name + venueLength + 1;
    for (let i = 0; i < length; i++) if (rows[symbolAt + i] !== bytes[from + i]) return false;
    const venueAt = at + marketRow.at.name;
    for (let i = 0; i < venueLength; i++) if (rows[venueAt + i] !== venue[venueFrom + i]) return false;
    return true;
  }

  private add(
    place: number,
    venue: Uint8Array,
    venueFrom: number,
    venueTo: number,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): number {
    const market = this.count++;
    const at = market * marketRow.sizeBytes;
    const venueLength = venueTo - venueFrom;
    this.rows[at + marketRow.at.nameBytes] = venueLength + 1 + (to - from);
    this.rows[at + marketRow.at.venueBytes] = venueLength;
    const nameAt = at + marketRow.at.name;
    for (let i = 0; i < venueLength; i++) this.rows[nameAt + i] = venue[venueFrom + i];
    this.rows[nameAt + venueLength] = COLON;
    for (let i = from; i < to; i++) this.rows[nameAt + venueLength + 1 + i - from] = bytes[i];
    this.table[place] = market;
    this.places[market] = place;
    return market;
  }

  /** Gives the next id to a market of a journal, whatever patterns there are now. Throws where that cannot be. */
  adopt(name: string): void {
    const bytes = new TextEncoder().encode(name);
    const colon = bytes.indexOf(COLON);
    const hash = hashBytes(hashBytes(FNV_OFFSET, bytes, 0, colon), bytes, colon + 1, bytes.length);
    if (colon < 1 || this.count >= this.limit)
      throw new UsageError(
        `--markets-max ${this.limit}: expected room for the markets of the journal, was none left for ${JSON.stringify(name)}`,
      );
    let place = hash & this.mask;
    for (; this.table[place] !== -1; place = (place + 1) & this.mask)
      if (this.isAt(this.table[place], bytes, 0, colon, bytes, colon + 1, bytes.length)) return;
    this.add(place, bytes, 0, colon, bytes, colon + 1, bytes.length);
    this.confirm();
  }

  /** Markets known, those of the frame being decoded included. */
  get size(): number {
    return this.count;
  }

  /** True when the frame named markets not seen before. */
  get hasProvisional(): boolean {
    return this.count !== this.confirmed;
  }

  /** Shows the frame's new markets to all threads. Ordering: the names are plain stores, released by this atomic one. */
  confirm(): void {
    this.confirmed = this.count;
    Atomics.store(this.words, engineWords.at.marketCount, this.count);
  }

  /** Forgets the frame's new markets. They were added last, so emptying their places breaks no probe chain. */
  rollback(): void {
    while (this.count > this.confirmed) this.table[this.places[--this.count]] = -1;
  }
}
