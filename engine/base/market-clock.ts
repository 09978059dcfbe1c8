// When a clock record has something to do in which market of a shard, so that it visits no other. Hot path.

/**
 * One for each market, with words that all markets of a shard share. Who looks at the time keeps `nextLookUs[at]` no later
 * than the first moment at which a clock record would change anything of it; too early costs a look and changes nothing.
 */
export type MarketClock = {
  /** Time of the last clock record, µs since 1970; -Infinity before the first. */
  readonly nowUs: Float64Array;
  /** By market: clock records before this moment need not visit it. */
  readonly nextLookUs: Float64Array;
  readonly at: number;
};

/** The clock of a market that has it to itself. */
export function makeMarketClock(): MarketClock {
  const never = Number.NEGATIVE_INFINITY;
  return { nowUs: Float64Array.of(never), nextLookUs: Float64Array.of(never), at: 0 };
}

/** A clock record at `timeUs`, or later, is to visit the market. */
export function lookBy({ nextLookUs, at }: MarketClock, timeUs: number): void {
  if (timeUs < nextLookUs[at]) nextLookUs[at] = timeUs;
}
