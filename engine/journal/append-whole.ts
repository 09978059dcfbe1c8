// Appends all of some bytes, in as many writes as the system takes for it.

import type { JournalFile } from './files.ts';

/** Throws what the file throws, and ENOSPC where it takes nothing without an error. */
export function appendWhole(file: JournalFile, bytes: Uint8Array, from: number, to: number): void {
  for (let done = from; done < to; ) {
    const taken = file.append(bytes, done, to);
    if (taken <= 0) throw Object.assign(new Error('the write took no bytes'), { code: 'ENOSPC' });
    done += taken;
  }
}
