// Coverage with few markets and with many, of a venue with snapshots by REST and of one with snapshots in its stream.

import { type CoverageCase, coverageTest } from '../support/coverage-test.ts';

const CASES: readonly CoverageCase[] = [
  { venue: 'binance', markets: 10, connections: 1, isLost: true },
  { venue: 'binance', markets: 200, connections: 2, options: { rate: 1_500, levels: 20 }, isLost: true },
  { venue: 'kraken', markets: 10, connections: 1, isLost: true },
  { venue: 'kraken', markets: 200, connections: 2, options: { rate: 1_500, levels: 20 }, isLost: false },
];

for (const one of CASES) coverageTest(one);
