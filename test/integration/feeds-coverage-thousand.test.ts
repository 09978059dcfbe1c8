// Coverage with a thousand markets, by itself: the longest of all runs, beside which others go on.

import { coverageTest } from '../support/coverage-test.ts';

coverageTest({
  venue: 'binance',
  markets: 1_000,
  connections: 10,
  options: { rate: 3_000, levels: 20 },
  // Snapshots of a thousand books are nine minutes of the venue's weight.
  limitsScale: 600,
  isLost: false,
});
