// The `micro` suite: each piece alone on one thread, beside what one would use instead, and its cost as the work grows.

import type { Suite } from '../harness.ts';
import { barCosts } from './bars.ts';
import { decimals } from './decimals.ts';
import { decoders } from './decoders.ts';
import { encode } from './encode.ts';
import { fanOut } from './fan-out.ts';
import { growth } from './growth.ts';
import { histogram } from './histogram.ts';
import { bookDepth, ladder } from './ladder.ts';
import { ring } from './ring.ts';
import { signalCosts } from './signals.ts';
import { toldBooks } from './told-books.ts';
import { tradeRuns } from './trade-runs.ts';

export const microSuite: Suite = [
  { name: 'decoders by venue', run: decoders },
  { name: 'decimals', run: decimals },
  { name: 'ring', run: ring },
  { name: 'ladder', run: ladder },
  { name: 'book depth', run: bookDepth },
  { name: 'book checksums', run: toldBooks },
  { name: 'bars', run: barCosts },
  { name: 'signals', run: signalCosts },
  { name: 'trades in a row', run: tradeRuns },
  { name: 'histogram', run: histogram },
  { name: 'encode', run: encode },
  { name: 'fan-out', run: fanOut },
  { name: 'number of markets', run: growth },
];
