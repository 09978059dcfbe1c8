// Builds the trades that the tests of trade signals give, and reads what a signal shows.
import { decimalToFloat } from '../../../../../engine/base/decimal.ts';
import { Side, SignalEvent } from '../../../../../schemas/ids.ts';
import type { Signal, TradeSignal, TradeView } from '../../../../../workers/signals/signal.ts';

const ATTO = 10n ** 15n;

/** A trade as tests write it: quantity in 10^-18; a buy of one match at time 0 where nothing else is said. */
export type TradeText = {
  readonly timeUs?: number;
  readonly price?: number;
  readonly quantity?: bigint;
  readonly side?: number;
  readonly matches?: number;
};

export const ONE = 10n ** 18n;

export function tradeOf(text: TradeText): TradeView {
  const quantity = text.quantity ?? ONE;
  const [quantityMilli, quantityAtto] = [Number(quantity / ATTO), Number(quantity % ATTO)];
  return {
    timeUs: text.timeUs ?? 0,
    price: text.price ?? 1,
    quantity: decimalToFloat(quantityMilli, quantityAtto),
    quantityMilli,
    quantityAtto,
    side: text.side ?? Side.buy,
    matches: text.matches ?? 1,
  };
}

/** Exactly, in 10^-18. */
export function unitsOfView(view: TradeView): bigint {
  return BigInt(view.quantityMilli) * ATTO + BigInt(view.quantityAtto);
}

export const signOf = (side: number): number => (side === Side.buy ? 1 : side === Side.sell ? -1 : 0);

export const shown = (signal: Signal): number[] => [signal.value, signal.second, signal.third];

/** Gives trades one after another; returns the events that were told, none left out as 0 of theirs. */
export function eventsOf(signal: TradeSignal, trades: readonly TradeText[]): number[] {
  return trades.map((text) => {
    signal.trade(tradeOf(text));
    return signal.event;
  });
}

/** Gives trades and says how many told an event. */
export function eventCount(signal: TradeSignal, trades: readonly TradeText[]): number {
  return eventsOf(signal, trades).filter((event) => event !== SignalEvent.none).length;
}
