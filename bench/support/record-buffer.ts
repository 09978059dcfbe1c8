// A sink for decoders with the cost of a ring's claim and nothing behind it, and frames as a burst holds them.

import type { FrameDecoder, RecordSink } from '../../engine/decode/sink.ts';
import { FrameResult, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_U32 } from '../../schemas/layout.ts';

const SLOTS = 1 << 16;

export class RecordBuffer implements RecordSink {
  readonly u8 = new Uint8Array(SLOTS * SLOT_BYTES);
  readonly u16 = new Uint16Array(this.u8.buffer);
  readonly u32 = new Uint32Array(this.u8.buffer);
  readonly f64 = new Float64Array(this.u8.buffer);
  readonly frame = new Float64Array(1);
  /** The slot claimed next; slots are used in turn. */
  next = 0;
  levels = 0;
  trades = 0;
  private nextBefore = 0;
  private levelsBefore = 0;
  private tradesBefore = 0;

  /** A frame begins. */
  begin(): void {
    this.nextBefore = this.next;
    this.levelsBefore = this.levels;
    this.tradesBefore = this.trades;
  }

  /** What the frame claimed so far is given back. */
  abandon(): void {
    this.next = this.nextBefore;
    this.levels = this.levelsBefore;
    this.trades = this.tradesBefore;
  }

  market(bytes: Uint8Array, from: number, to: number): number {
    let hash = 0;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
    return hash & 7;
  }

  marketOfVenue(bytes: Uint8Array, _venueFrom: number, _venueTo: number, from: number, to: number): number {
    return this.market(bytes, from, to);
  }

  claim(market: number, type: number): number {
    const slot = this.next;
    this.next = (this.next + 1) & (SLOTS - 1);
    this.u32[slot * SLOT_U32] = type | (market << 16);
    this.u32[slot * SLOT_U32 + 1] = 0;
    if (type === RecordType.level) this.levels++;
    else if (type === RecordType.trade) this.trades++;
    return slot;
  }
}

/** Frames one after the other in one buffer, with one view on it (engine/ingress/burst.ts). */
export type Stage = { readonly view: DataView; readonly bytes: Uint8Array; readonly ends: Int32Array };

export function stageOf(frames: readonly Uint8Array[]): Stage {
  const ends = new Int32Array(frames.length);
  let end = 0;
  for (let i = 0; i < frames.length; i++) {
    end += frames[i].length;
    ends[i] = end;
  }
  const bytes = new Uint8Array(end);
  for (let i = 0; i < frames.length; i++) bytes.set(frames[i], ends[i] - frames[i].length);
  return { view: new DataView(bytes.buffer), bytes, ends };
}

/** One frame as a session decodes it: in words where it is in the venue's own writing, else as any JSON. */
export function decodeFrame(
  decoder: FrameDecoder,
  sink: RecordBuffer,
  stage: Stage,
  from: number,
  end: number,
): number {
  sink.begin();
  if (decoder.decodeInOrder !== undefined) {
    const result = decoder.decodeInOrder(stage.view, from, end);
    if (result !== 0) return result;
    sink.abandon();
  }
  return decoder.decode(stage.bytes.subarray(from, end), end - from);
}

/** Returns how many frames were applied. */
export function decodeAll(decoder: FrameDecoder, sink: RecordBuffer, stage: Stage): number {
  const { ends } = stage;
  let applied = 0;
  let from = 0;
  for (let i = 0; i < ends.length; i++) {
    if (decodeFrame(decoder, sink, stage, from, ends[i]) === FrameResult.applied) applied++;
    from = ends[i];
  }
  return applied;
}
