// A text that a venue always writes alike, compared four bytes at a time through a DataView. Hot path.
//
// As in words.ts: the next offset, or 0 where something else stands there.

import { wordOf } from './words.ts';

const WORD = 4;

export class Literal {
  private readonly sizeBytes: number;
  /** The last word ends with the text and may overlap the one before it. */
  private readonly words: Int32Array;

  /** A text of four ASCII characters or more. */
  constructor(text: string) {
    this.sizeBytes = text.length;
    this.words = Int32Array.from({ length: Math.ceil(text.length / WORD) }, (_, index) => {
      const at = Math.min(WORD * index, text.length - WORD);
      return wordOf(text.slice(at, at + WORD));
    });
  }

  /** The offset behind the text where it stands at `at`, else 0. An `at` of 0 is no place: what stood before was not found. */
  behind(view: DataView, at: number, last: number): number {
    return at !== 0 && this.begins(view, at, last) ? at + this.sizeBytes : 0;
  }

  /** As behind(), for the first text of a frame, which may lie at 0. */
  first(view: DataView, from: number, last: number): number {
    return this.begins(view, from, last) ? from + this.sizeBytes : 0;
  }

  private begins(view: DataView, at: number, last: number): boolean {
    const { words } = this;
    const tail = at + this.sizeBytes - WORD;
    if (tail > last) return false;
    const whole = words.length - 1;
    for (let i = 0; i < whole; i++) if (view.getInt32(at + WORD * i, true) !== words[i]) return false;
    return view.getInt32(tail, true) === words[whole];
  }
}
