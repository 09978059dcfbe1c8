// Walks objects member by member, and lists of objects, for decoders that say what each member is. Hot path.

import { CLOSE_ARRAY, CLOSE_OBJECT, next, OPEN_ARRAY, OPEN_OBJECT, skipSpace, wrongType } from './scan.ts';
import { keyFrom, keyTo, member } from './walk.ts';

/** Every method returns the offset after what it read, or a negative FrameResult. */
export abstract class ObjectReader {
  /** Bits of the fields that the object at hand has had. */
  protected seen = 0;

  /** Decodes the value at `at` of the member whose key is bytes[from..to). */
  protected abstract member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number;

  /** All members of the object at `at` (its `{`). */
  protected members(bytes: Uint8Array, at: number, end: number): number {
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_OBJECT) {
      const value = member(bytes, position, end);
      if (value < 0) return value;
      const after = this.member(bytes, keyFrom, keyTo, value, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_OBJECT);
      if (position < 0) return position;
    }
    return position + 1;
  }

  /** Notes a field; false where the object had it before. */
  protected once(bit: number): boolean {
    if ((this.seen & bit) !== 0) return false;
    this.seen |= bit;
    return true;
  }
}

/** A list of objects, each begun and ended. */
export abstract class ObjectList extends ObjectReader {
  /** Forgets the entry before; returns 0 or a negative FrameResult. */
  protected beginEntry(): number {
    this.seen = 0;
    return 0;
  }

  /** Writes the entry read; returns 1 or a negative FrameResult. */
  protected abstract endEntry(bytes: Uint8Array, end: number): number;

  /** All entries of the list at `at`. */
  protected entries(bytes: Uint8Array, at: number, end: number): number {
    if (at >= end || bytes[at] !== OPEN_ARRAY) return wrongType(bytes, at, end);
    let position = skipSpace(bytes, at + 1, end);
    while (bytes[position] !== CLOSE_ARRAY) {
      if (bytes[position] !== OPEN_OBJECT) return wrongType(bytes, position, end);
      const after = this.entry(bytes, position, end);
      if (after < 0) return after;
      position = next(bytes, after, end, CLOSE_ARRAY);
      if (position < 0) return position;
    }
    return position + 1;
  }

  protected entry(bytes: Uint8Array, at: number, end: number): number {
    const begun = this.beginEntry();
    if (begun < 0) return begun;
    const after = this.members(bytes, at, end);
    if (after < 0) return after;
    const written = this.endEntry(bytes, end);
    return written < 0 ? written : after;
  }
}
