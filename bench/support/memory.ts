// Collections on demand, and what memory is held after one: for benches of memory, and so that none pays for another's garbage.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' | 'major' }) => void;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as Collect;

/** Two young collections: what is still held then lies where young collections do not go. */
export function collectYoung(): void {
  collect({ type: 'minor' });
  collect({ type: 'minor' });
}

/** Bytes held of the heap and of array buffers, after full collections. */
export function heldBytes(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
