// Remembers, for one connection, what is known of each symbol's book: the depth it is cut to, and the digits of its numbers.

import { MARKETS_MAX, SYMBOL_BYTES_MAX } from '../../../schemas/config.ts';

/** Depths Kraken sells (WebSocket v2 docs, "Book", 2026-05). */
const DEPTHS = Uint16Array.of(10, 25, 100, 500, 1000);

const ENTRIES_START = 64;
/** Slots per entry of the index: half of it stays empty. */
const INDEX_LOAD = 2;

/** The smallest depth sold that holds `levels` a side; 0 (all) where none does. */
export function smallestDepth(levels: number): number {
  for (let i = 0; i < DEPTHS.length; i++) if (DEPTHS[i] >= levels) return DEPTHS[i];
  return 0;
}

/**
 * Symbols by their bytes, since an acknowledgement names a symbol before there is a market. Open addressing with linear
 * probing; entries are never taken out, and at most MARKETS_MAX are kept.
 */
export class SymbolDepths {
  private count = 0;
  private texts = new Uint8Array(ENTRIES_START * SYMBOL_BYTES_MAX);
  private lengths = new Uint8Array(ENTRIES_START);
  /** As the subscribe acknowledgement said; 0 where none came. */
  private acknowledged = new Uint32Array(ENTRIES_START);
  /** In force since the last snapshot; 0 before one. */
  private current = new Uint32Array(ENTRIES_START);
  /** Digits after the point of prices and quantities by the `instrument` channel; 0 where it has not told. */
  private priceDigits = new Uint8Array(ENTRIES_START);
  private quantityDigits = new Uint8Array(ENTRIES_START);
  /** Entry + 1 by hash, 0 where free. */
  private index = new Uint16Array(ENTRIES_START * INDEX_LOAD);
  /** Depths of the snapshots in this frame (entry, depth), in force once the frame is accepted. */
  private proposed = new Uint32Array(8);
  private proposedCount = 0;

  begin(): void {
    this.proposedCount = 0;
  }

  /** The frame was accepted: its snapshots' depths hold from here on. */
  accept(): void {
    for (let i = 0; i < this.proposedCount; i += 2) this.current[this.proposed[i]] = this.proposed[i + 1];
    this.proposedCount = 0;
  }

  acknowledge(bytes: Uint8Array, from: number, to: number, depth: number): void {
    const entry = this.entry(bytes, from, to);
    if (entry >= 0) this.acknowledged[entry] = depth;
  }

  /** Depth of a snapshot whose longer side has `levels`, remembered for its updates. */
  snapshotDepth(bytes: Uint8Array, from: number, to: number, levels: number): number {
    const entry = this.entry(bytes, from, to);
    if (entry < 0) return smallestDepth(levels);
    const depth = this.acknowledged[entry] > 0 ? this.acknowledged[entry] : smallestDepth(levels);
    this.propose(entry, depth);
    return depth;
  }

  /** Depth of an update: that of the snapshot before it; 0 (all) where nothing is known, as of entry -1. */
  updateDepth(entry: number): number {
    if (entry < 0) return 0;
    return this.current[entry] > 0 ? this.current[entry] : this.acknowledged[entry];
  }

  /** The symbol's entry; -1 where nothing is known of it. */
  find(bytes: Uint8Array, from: number, to: number): number {
    return this.index[this.slotOf(bytes, from, to)] - 1;
  }

  /** The `instrument` channel tells the digits after the point, which may change. */
  noteDigits(bytes: Uint8Array, from: number, to: number, priceDigits: number, quantityDigits: number): void {
    const entry = this.entry(bytes, from, to);
    if (entry < 0) return;
    this.priceDigits[entry] = priceDigits;
    this.quantityDigits[entry] = quantityDigits;
  }

  priceDigitsOf(entry: number): number {
    return entry < 0 ? 0 : this.priceDigits[entry];
  }

  quantityDigitsOf(entry: number): number {
    return entry < 0 ? 0 : this.quantityDigits[entry];
  }

  private propose(entry: number, depth: number): void {
    if (this.proposedCount === this.proposed.length) {
      const proposed = new Uint32Array(2 * this.proposed.length);
      proposed.set(this.proposed);
      this.proposed = proposed;
    }
    this.proposed[this.proposedCount++] = entry;
    this.proposed[this.proposedCount++] = depth;
  }

  /** The symbol's entry, made where there is none; -1 for a text that can be no symbol, or when all are taken. */
  private entry(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    if (length === 0 || length > SYMBOL_BYTES_MAX) return -1;
    const held = this.index[this.slotOf(bytes, from, to)] - 1;
    if (held >= 0) return held;
    if (this.count === MARKETS_MAX) return -1;
    if (this.count === this.lengths.length) this.grow();
    const entry = this.count++;
    this.texts.set(bytes.subarray(from, to), entry * SYMBOL_BYTES_MAX);
    this.lengths[entry] = length;
    this.index[this.slotOf(bytes, from, to)] = entry + 1;
    return entry;
  }

  /** The index slot that holds the symbol, or the free one where it belongs. */
  private slotOf(bytes: Uint8Array, from: number, to: number): number {
    const mask = this.index.length - 1;
    let hash = 0x811c9dc5;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.index[slot] !== 0 && !this.isAt(this.index[slot] - 1, bytes, from, to)) slot = (slot + 1) & mask;
    return slot;
  }

  private isAt(entry: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (this.lengths[entry] !== to - from) return false;
    const base = entry * SYMBOL_BYTES_MAX;
    for (let i = from; i < to; i++) if (this.texts[base + i - from] !== bytes[i]) return false;
    return true;
  }

  private grow(): void {
    const entries = 2 * this.lengths.length;
    const texts = new Uint8Array(entries * SYMBOL_BYTES_MAX);
    texts.set(this.texts);
    this.texts = texts;
    const lengths = new Uint8Array(entries);
    lengths.set(this.lengths);
    this.lengths = lengths;
    const acknowledged = new Uint32Array(entries);
    acknowledged.set(this.acknowledged);
    this.acknowledged = acknowledged;
    const current = new Uint32Array(entries);
    current.set(this.current);
    this.current = current;
    const priceDigits = new Uint8Array(entries);
    priceDigits.set(this.priceDigits);
    this.priceDigits = priceDigits;
    const quantityDigits = new Uint8Array(entries);
    quantityDigits.set(this.quantityDigits);
    this.quantityDigits = quantityDigits;
    this.index = new Uint16Array(entries * INDEX_LOAD);
    for (let entry = 0; entry < this.count; entry++) {
      const base = entry * SYMBOL_BYTES_MAX;
      this.index[this.slotOf(this.texts, base, base + this.lengths[entry])] = entry + 1;
    }
  }
}
