// T12: a venue that takes connections and ends them, refuses them, has no name or a bad certificate: waits are exactly those
// of the plan, the breaker opens at exactly its number, and the venue's limit on connections is kept. On a virtual clock.

import { BREAKER, Breaker } from '../../engine/connect/breaker.ts';
import type { FailureKind } from '../../engine/connect/transport.ts';
import { VirtualTimers } from '../support/virtual-timers.ts';
import { LIMITS } from '../unit/connect/plain-connector.ts';
import { names, Rig } from '../unit/connect/rig.ts';
import { atMost, exactly, type Figure, type Scenario, zeroOf } from './scenario.ts';

const FLAPS = { tiny: 200, small: 1_000, full: 5_000 } as const;
const CONNECTIONS = 20;
const MINUTES_REFUSED = 10;
const PLAN_MS = [1_000, 2_000, 4_000, 8_000, 8_000, 8_000] as const;
const WAIT_OFF_MS_MAX = 50;

type Gaps = { readonly waits: number; readonly offMs: number };

/** How far the waits between attempts are from 1, 2, 4, 8, 8 … s; `latencyMs` passes between an attempt and its end. */
function offOf(attemptsMs: readonly number[], latencyMs: number): Gaps {
  let offMs = 0;
  for (let i = 1; i < attemptsMs.length; i++) {
    const wait = attemptsMs[i] - attemptsMs[i - 1] - latencyMs;
    offMs = Math.max(offMs, Math.abs(wait - PLAN_MS[Math.min(i - 1, PLAN_MS.length - 1)]));
  }
  return { waits: Math.max(0, attemptsMs.length - 1), offMs };
}

/** One breaker that is refused for so many attempts, and how many failures opened it. */
function refused(failuresMax: number, attempts: number): Gaps & { readonly openedAt: number } {
  const timers = new VirtualTimers();
  const atMs: number[] = [];
  let openedAt = 0;
  const attempt = (): void => {
    if (!breaker.admit()) return;
    atMs.push(timers.nowMs());
    breaker.failed('refused');
  };
  const breaker: Breaker = new Breaker(
    timers,
    { ...BREAKER, failuresMax, retriesMax: null },
    {
      ready: attempt,
      changed: ({ to }) => {
        if (to === 'open' && openedAt === 0) openedAt = breaker.failuresInARow;
      },
    },
  );
  attempt();
  while (atMs.length < attempts) timers.advanceSync(PLAN_MS[0]);
  return { ...offOf(atMs, 0), openedAt };
}

/** A feed whose venue takes each socket and ends it at once, or refuses it in some way: the times of its attempts. */
async function attemptsOf(rig: Rig, count: number): Promise<number[]> {
  await rig.timers.advanceUntil(() => rig.venue.sockets.length >= count, count * 60_000);
  return rig.venue.sockets.map(({ openedMs }) => openedMs);
}

async function stop(rig: Rig): Promise<void> {
  const stopped = rig.feed.stop(0);
  await rig.timers.advance(10_000);
  await stopped;
}

const NO_GIVING_UP = { breaker: { ...BREAKER, retriesMax: null } };

async function flapping(count: number): Promise<Gaps & { readonly violations: number }> {
  const rig = new Rig({}, names(1), NO_GIVING_UP, (venue) => {
    venue.door = 'slam';
  });
  const attempts = await attemptsOf(rig, count);
  const { violations, latencyMs } = rig.venue;
  const gaps = offOf(attempts, latencyMs + 1);
  await stop(rig);
  return { ...gaps, violations };
}

/** Each way not to get a connection, until so many attempts. */
async function failing(kind: FailureKind, count: number): Promise<Gaps> {
  const rig = new Rig({}, names(1), NO_GIVING_UP, (venue) => {
    venue.door = 'refuse';
    venue.refusal = kind;
  });
  const attempts = await attemptsOf(rig, count);
  const gaps = offOf(attempts, rig.venue.latencyMs);
  await stop(rig);
  return gaps;
}

type Outage = { readonly attemptsPer5Min: number; readonly violations: number; readonly live: number };

/** Many connections of one venue that refuses all for ten minutes, and then takes them. */
async function outage(): Promise<Outage> {
  const limits = { ...LIMITS, subscriptionsPerConnection: 2, booksPerConnection: 1 };
  const many = new Rig({ limits }, names(CONNECTIONS), NO_GIVING_UP);
  await many.untilAllLive(600_000);
  many.venue.door = 'refuse';
  for (const socket of many.venue.live) socket.cut();
  const before = many.venue.sockets.length;
  await many.timers.advance(MINUTES_REFUSED * 60_000);
  const attempts = many.venue.sockets.length - before;
  many.venue.door = 'open';
  await many.untilAllLive(600_000);
  const result = { attemptsPer5Min: attempts / 2, violations: many.venue.violations, live: many.liveCount };
  await stop(many);
  return result;
}

export const scenario: Scenario = {
  id: 'T12',
  title: 'Flapping and backoff',
  async run(size, seed, log) {
    const count = FLAPS[size];
    const figures: Figure[] = [];
    let attempts = 0;
    for (const failuresMax of [3, 5]) {
      const { openedAt, offMs, waits } = refused(failuresMax, count);
      attempts += waits + 1;
      figures.push(exactly(`failures in a row at which a breaker of ${failuresMax} opens`, openedAt, failuresMax, ''));
      figures.push(
        atMost(
          `breaker of ${failuresMax}: largest deviation of ${waits} waits from 1, 2, 4, 8 … s`,
          offMs,
          WAIT_OFF_MS_MAX,
          'ms',
        ),
      );
    }
    const flaps = await flapping(count);
    attempts += flaps.waits + 1;
    figures.push(
      atMost(
        `accepted and closed at once: largest deviation of ${flaps.waits} waits`,
        flaps.offMs,
        WAIT_OFF_MS_MAX,
        'ms',
      ),
    );
    figures.push(zeroOf('accepted and closed at once: limits of the venue broken', flaps.violations, flaps.waits + 1));
    for (const kind of ['refused', 'dns', 'tls'] as const) {
      const { waits, offMs } = await failing(kind, Math.ceil(count / 10));
      attempts += waits + 1;
      figures.push(atMost(`${kind}: largest deviation of ${waits} waits`, offMs, WAIT_OFF_MS_MAX, 'ms'));
    }
    const dead = await outage();
    log(JSON.stringify({ flaps, dead, seed }));
    figures.push(
      zeroOf(
        `${CONNECTIONS} connections refused for ${MINUTES_REFUSED} min: limits of the venue broken`,
        dead.violations,
        dead.attemptsPer5Min * 2,
      ),
    );
    figures.push(atMost('attempts in 5 min of all connections', dead.attemptsPer5Min, 150, ''));
    figures.push(exactly('markets live again after it', dead.live, CONNECTIONS, ''));
    return {
      injected: attempts,
      detected: attempts,
      falseAlarms: null,
      figures,
      accounting: null,
      knownHoles: [],
      notes: [
        `${count} attempts each; virtual clock, ${CONNECTIONS} connections in the outage; jitter is off, as by default.`,
      ],
    };
  },
};
