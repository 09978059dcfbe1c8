// The changes of sign of a value, by what was told of it before. Hot path.

import { SignalEvent } from '../../../schemas/ids.ts';

/** A revision is judged against the version told before it, so that those who listen know the sign after every event. */
export class Crossing {
  private told = Number.NaN;

  /** crossUp from ≤ 0 to > 0, crossDown from ≥ 0 to < 0; none with the first. The value lies at `values[word]`. */
  tell(values: Float64Array, word: number): number {
    const { told } = this;
    const value = values[word];
    this.told = value;
    if (told <= 0 && value > 0) return SignalEvent.crossUp;
    return told >= 0 && value < 0 ? SignalEvent.crossDown : SignalEvent.none;
  }
}
