// Keeps where the entries of one list begin, so that they may be read from the last on. Hot path.

import { FRAME_RECORDS_MAX } from '../../../schemas/config.ts';

/** Entries to begin with: the list on subscribing has 100 to 1,000 trades. */
const STARTS = 256;

export class EntryStarts {
  count = 0;
  offsets = new Int32Array(STARTS);

  /** A list longer than a frame may have records is refused when its records are written. */
  add(offset: number): void {
    if (this.count === this.offsets.length) {
      if (this.count > FRAME_RECORDS_MAX) return;
      const offsets = new Int32Array(2 * this.count);
      offsets.set(this.offsets);
      this.offsets = offsets;
    }
    this.offsets[this.count++] = offset;
  }
}
