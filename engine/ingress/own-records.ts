// Fills the records that come of no frame: stamps, clocks, gaps and checkpoints. Hot path.

import { CLOCKS_DIFFER_MS } from '../../schemas/feed-limits.ts';
import { RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { checkpoint, clock, gap, stamp } from '../../schemas/market-data.ts';

/** Views of the ring that a slot lies in. */
export type SlotViews = { readonly u8: Uint8Array; readonly u32: Uint32Array; readonly f64: Float64Array };

/** `sequence` is the journal's entry that the records before it end with. */
export function fillStamp(
  views: SlotViews,
  slot: number,
  frames: number,
  receiveNs: number,
  commitNs: number,
  sequence: number,
): void {
  const base = slot * SLOT_F64;
  views.u32[slot * SLOT_U32] = RecordType.stamp;
  views.u32[slot * SLOT_U32 + 1] = frames;
  views.f64[base + stamp.at.receiveTimeNs] = receiveNs;
  views.f64[base + stamp.at.commitTimeNs] = commitNs;
  views.f64[base + stamp.at.sequence] = sequence;
}

/** Time in µs since 1970. */
export function fillClock(views: SlotViews, slot: number, timeUs: number): void {
  views.u32[slot * SLOT_U32] = RecordType.clock;
  views.u32[slot * SLOT_U32 + 1] = 0;
  views.f64[slot * SLOT_F64 + clock.at.timeUs] = timeUs;
}

/** `sequence` is the journal's entry that it stands behind. */
export function fillCheckpoint(views: SlotViews, slot: number, number: number, sequence: number): void {
  views.u32[slot * SLOT_U32] = RecordType.checkpoint;
  views.u32[slot * SLOT_U32 + 1] = 0;
  views.f64[slot * SLOT_F64 + checkpoint.at.number] = number;
  views.f64[slot * SLOT_F64 + checkpoint.at.sequence] = sequence;
}

/** Since when what a venue made may be missing, by its clock, where its last frame came at `lastFrameUs` by ours: µs since 1970. */
export function missingSinceUs(lastFrameUs: number): number {
  return lastFrameUs - CLOCKS_DIFFER_MS * 1000;
}

/** The slot's header is written: `reason` is a StateReason, `sinceUs` µs since 1970 or 0, `lost` 0 where it is not known. */
export function fillGap(
  views: SlotViews,
  slot: number,
  reason: number,
  receiveNs: number,
  sinceUs: number,
  lost: number,
): void {
  const base = slot * SLOT_F64;
  views.u8[slot * SLOT_BYTES + gap.at.flags] = reason;
  views.f64[base + gap.at.receiveTimeNs] = receiveNs;
  views.f64[base + gap.at.lost] = lost;
  views.f64[base + gap.at.sinceTimeUs] = sinceUs;
}

/** A slot of its own, as bytes, for `market`. */
export function ownSlot(type: number, market: number, fill: (views: SlotViews, slot: number) => void): Uint8Array {
  const u8 = new Uint8Array(SLOT_BYTES);
  const views = { u8, u32: new Uint32Array(u8.buffer), f64: new Float64Array(u8.buffer) };
  fill(views, 0);
  views.u32[0] = (views.u32[0] & 0xff00) | type | (market << 16);
  return u8;
}
