// What a user's signal file exports: a pure function of a state and of what happened, and how it is named and driven.

/** A closed bar. Times in microseconds since 1970; prices are NaN where an interval without trades is told as null. */
export type UserBarView = {
  readonly startTimeUs: number;
  readonly closeTimeUs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly buyVolume: number;
  readonly sellVolume: number;
  readonly notional: number;
  /** NaN without trades. */
  readonly vwap: number;
  readonly trades: number;
};

/** An accepted trade. */
export type UserTradeView = {
  readonly timeUs: number;
  readonly price: number;
  readonly quantity: number;
  /** The taker's: 0 unknown, 1 buy, 2 sell. */
  readonly side: number;
  readonly matches: number;
};

export type UserLevel = { readonly price: number; readonly quantity: number };

/** A live book after a change: its best levels, best first. */
export type UserBookView = {
  readonly timeUs: number;
  readonly bids: readonly UserLevel[];
  readonly asks: readonly UserLevel[];
};

export type UserViews = { readonly bar: UserBarView; readonly trade: UserTradeView; readonly book: UserBookView };

export type UserResult<State> = {
  /** Given to the next update. A new object: the one before is kept for a bar that is revised. */
  readonly state: State;
  /** A float; null or NaN where there is none yet. */
  readonly value: number | null;
  readonly second?: number | null;
  readonly third?: number | null;
  /** By default true as soon as there is a value. */
  readonly isWarm?: boolean;
  /** One of the events of docs/signals.md, such as `cross-up`, or null. */
  readonly event?: string | null;
};

/** The default export of a signal file. */
export type UserSignal<On extends keyof UserViews = keyof UserViews, State = unknown> = {
  /** Lower-case letters, digits and hyphens; not that of a built-in signal. */
  readonly name: string;
  readonly on: On;
  /** Bar kind for `on: 'bar'`, such as `5m`; 1m where it is left out. */
  readonly barKind?: string;
  /** Names of value, second and third, as far as they are used. */
  readonly outputs?: readonly string[];
  readonly start: () => State;
  readonly update: (state: State, view: UserViews[On]) => UserResult<State>;
};

/** Gives a signal its types; returns what it was given. */
export function defineSignal<On extends keyof UserViews, State>(signal: UserSignal<On, State>): UserSignal<On, State> {
  return signal;
}
