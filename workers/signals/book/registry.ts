// Makes the built-in signals that books drive, by their names in schemas/signals.ts and its order of parameters.

import type { BookSignal } from '../signal.ts';
import { BookPressure } from './book-pressure.ts';
import { Imbalance } from './imbalance.ts';
import { Microprice } from './microprice.ts';
import { MicropriceDrift } from './microprice-drift.ts';
import { OrderFlowImbalance } from './ofi.ts';
import { QueuePressure } from './queue-pressure.ts';
import { SpreadRegime } from './spread-regime.ts';

export const BOOK_SIGNALS: Readonly<Record<string, (parameters: readonly number[]) => BookSignal>> = {
  imbalance: ([levels]) => new Imbalance(levels),
  microprice: () => new Microprice(),
  ofi: ([windowS]) => new OrderFlowImbalance(windowS),
  'microprice-drift': ([windowS]) => new MicropriceDrift(windowS),
  'spread-regime': ([changes, factor]) => new SpreadRegime(changes, factor),
  'queue-pressure': ([windowS]) => new QueuePressure(windowS),
  'book-pressure': ([levels]) => new BookPressure(levels),
};
