// The `decode` suite: the book frames of every venue, drawn and recorded, beside JSON.parse with mapping and two libraries.

import type { Results, Size } from '../harness.ts';
import { drawnFrames } from './drawn.ts';
import { recordedFrames } from './recorded.ts';
import { venueFrames } from './venue-frames.ts';

export async function decodeSuite(results: Results, size: Size): Promise<void> {
  for (const work of drawnFrames(size)) venueFrames(results, size, work);
  for (const work of await recordedFrames(size, (text) => results.note(text))) venueFrames(results, size, work);
}
