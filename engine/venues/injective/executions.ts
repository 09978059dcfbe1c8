// Tells whose record of a match a trade is: by its side, or by its execution type. Hot path.
//
// Source: injective-core @c7b042e2, exchange/v2/exchange.proto (ExecutionType) and where keeper/*_execution*.go uses it; the
// chain writes `LimitFill`, the indexer `limitFill`.

import { isWord, wordOf } from './names.ts';

export const Role = { none: 0, taker: 1, maker: 2, offMarket: 3 } as const;

const TAKER = wordOf('taker');
const MAKER = wordOf('maker');
const LIQUIDATION = wordOf('marketLiquidation');
const TAKERS = [wordOf('market'), wordOf('limitMatchNewOrder'), LIQUIDATION];
const MAKERS = [wordOf('limitFill'), wordOf('limitMatchRestingOrder')];

/** Of `executionSide`; none where it is another word. */
export function roleOfSide(bytes: Uint8Array, from: number, to: number): number {
  if (isWord(bytes, from, to, TAKER)) return Role.taker;
  return isWord(bytes, from, to, MAKER) ? Role.maker : Role.none;
}

/** Of the execution type; settlements and what is not known are no trades of the market. */
export function roleOfExecution(bytes: Uint8Array, from: number, to: number): number {
  for (let i = 0; i < TAKERS.length; i++) if (isWord(bytes, from, to, TAKERS[i])) return Role.taker;
  for (let i = 0; i < MAKERS.length; i++) if (isWord(bytes, from, to, MAKERS[i])) return Role.maker;
  return Role.offMarket;
}

/** True for the venue's own order that closes a position. */
export function isForced(bytes: Uint8Array, from: number, to: number): boolean {
  return isWord(bytes, from, to, LIQUIDATION);
}
