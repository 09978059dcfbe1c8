// A few slots outside any ring, with the views that records are read through. Hot path.

import { SLOT_BYTES, SLOT_U32 } from '../schemas/layout.ts';

export class SlotViews {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;

  constructor(slots: number) {
    const memory = new ArrayBuffer(slots * SLOT_BYTES);
    this.u8 = new Uint8Array(memory);
    this.u32 = new Uint32Array(memory);
    this.f64 = new Float64Array(memory);
  }

  copy(to: number, u32: Uint32Array, slot: number): void {
    for (let i = 0; i < SLOT_U32; i++) this.u32[to * SLOT_U32 + i] = u32[slot * SLOT_U32 + i];
  }
}
