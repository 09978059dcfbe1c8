// Builds the books that the tests of book signals give.
import { decimalToFloat } from '../../../../../engine/base/decimal.ts';
import type { LevelList } from '../../../../../workers/signals/ladder-view.ts';
import type { BookView } from '../../../../../workers/signals/signal.ts';
import { unitsOf } from '../../bars/records.ts';

const ATTO = 10n ** 15n;

/** A level as [price, quantity]. */
export type LevelText = readonly [string, string];

/** A ladder of levels given best first, which lie in the other order, with words of no level behind them. */
function ladder(levels: readonly LevelText[]): LevelList {
  const words = levels
    .toReversed()
    .flat()
    .flatMap((text) => [Number(unitsOf(text) / ATTO), Number(unitsOf(text) % ATTO)]);
  const { length } = levels;
  return {
    values: Float64Array.from([...words, 1, 2, 3, 4]),
    count: length,
    offsetOf: (rank) => (length - 1 - rank) * 4,
  };
}

function floatOf(text: string): number {
  return decimalToFloat(Number(unitsOf(text) / ATTO), Number(unitsOf(text) % ATTO));
}

/** A book of levels given best first; both sides have some. */
export function bookOf(bids: readonly LevelText[], asks: readonly LevelText[], timeUs = 0): BookView {
  return {
    timeUs,
    bidPrice: floatOf(bids[0][0]),
    bidQuantity: floatOf(bids[0][1]),
    askPrice: floatOf(asks[0][0]),
    askQuantity: floatOf(asks[0][1]),
    bids: ladder(bids),
    asks: ladder(asks),
  };
}

/** A book of its best levels alone, as floats, for signals that do not read ladders. */
export function bestOf(bid: readonly [number, number], ask: readonly [number, number], timeUs = 0): BookView {
  const none: LevelList = { values: new Float64Array(0), count: 1, offsetOf: () => 0 };
  return {
    timeUs,
    bidPrice: bid[0],
    bidQuantity: bid[1],
    askPrice: ask[0],
    askQuantity: ask[1],
    bids: none,
    asks: none,
  };
}
