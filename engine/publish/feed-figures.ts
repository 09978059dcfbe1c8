// What the connectors to venues say of themselves, as `system` tells it: sums, and the breakers in trouble first.

import type { BreakerFigures, BreakerStateName, FeedFigures } from '../../schemas/feed.ts';
import { BREAKER_STATES } from '../connect/breaker.ts';
import type { FeedReport } from '../connect/report.ts';

/** Over all venues: a message each second is for eyes, and /v1/stats has all. */
const LISTED_MAX = 100;
/** Worst first. */
const TROUBLE: readonly BreakerStateName[] = ['given-up', 'open', 'half-open', 'closed', 'stopped'];

function breakersOf({ slots, rest }: FeedReport): BreakerFigures[] {
  const figures = ({ state, lastReason: reason, failuresInARow, waitMs }: FeedReport['rest']['breaker']) => ({
    ...{ state, reason, failuresInARow, waitMs: Math.round(waitMs) },
  });
  return [
    ...slots.map(({ slot, symbols, breaker }) => ({ connection: slot, symbols, ...figures(breaker) })),
    { connection: 'rest', symbols: 0, ...figures(rest.breaker) },
  ];
}

function listed(breakers: readonly BreakerFigures[], max: number): BreakerFigures[] {
  const rank = ({ state, failuresInARow }: BreakerFigures): number => TROUBLE.indexOf(state) * 1e6 - failuresInARow;
  return [...breakers].sort((a, b) => rank(a) - rank(b)).slice(0, max);
}

function countOf(breakers: readonly BreakerFigures[]): Record<BreakerStateName, number> {
  const entries = BREAKER_STATES.map((state) => [state, breakers.filter((each) => each.state === state).length]);
  return Object.fromEntries(entries) as Record<BreakerStateName, number>;
}

function restOf({ rest }: FeedReport): FeedFigures['rest'] {
  const { waiting, highWater, sent, succeeded, retries, limited, failed, dropped } = rest;
  const left = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return { waiting, waitingMost: highWater, sent, succeeded, retries, limited, failed, dropped: left };
}

export function feedFigures(reports: readonly FeedReport[]): FeedFigures[] {
  const max = Math.floor(LISTED_MAX / Math.max(1, reports.length));
  return reports.map((report) => {
    const breakers = breakersOf(report);
    const { venue, symbols, counts, totals, successRate, errors, connections } = report;
    return {
      venue,
      symbols,
      live: connections.filter(({ state }) => state === 'live').length,
      attempts: totals.attempts,
      successes: totals.successes,
      successRate,
      reconnects: counts.reconnects,
      timeouts: totals.timeouts,
      errors,
      breakers: countOf(breakers),
      listed: listed(breakers, max),
      rest: restOf(report),
    };
  });
}
