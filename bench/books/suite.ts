// The `books` suite: the engine's book beside those of two libraries, on recorded and on drawn streams of changes.

import type { Results, Size } from '../harness.ts';
import { bookUpdates } from './book-updates.ts';
import { recordedStreams } from './recorded.ts';
import { syntheticStreams } from './synthetic.ts';

export async function booksSuite(results: Results, size: Size): Promise<void> {
  for (const stream of syntheticStreams(size)) bookUpdates(results, size, stream);
  for (const stream of await recordedStreams(size, (text) => results.note(text))) bookUpdates(results, size, stream);
}
