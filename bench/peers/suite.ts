// The `peers` suite: the same frames and changes through others' code, side by side in one run.

import type { Suite } from '../harness.ts';
import { bookFrames } from './book-frames.ts';
import { bookUpdates } from './book-updates.ts';
import { socketBooks } from './socket-books.ts';
import { tradeBars } from './trade-bars.ts';

export const peersSuite: Suite = [
  { name: 'trade frames to bars', run: tradeBars },
  { name: 'book frames to levels', run: bookFrames },
  { name: 'level updates', run: bookUpdates },
  { name: 'depth frames from socket to book', run: socketBooks },
];
