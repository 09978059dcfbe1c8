// Everything that goes wrong at a venue, drawn at random and one on top of the other; then a calm in which all must heal.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BREAKER } from '../../../engine/connect/breaker.ts';
import type { BookSource } from '../../../engine/connect/protocol.ts';
import { REST } from '../../../engine/connect/rest-queue.ts';
import { BookState, StateReason } from '../../../schemas/ids.ts';
import '../../support/seed.ts';
import { LIMITS } from './plain-connector.ts';
import { names, Rig } from './rig.ts';

const FAULTS = [
  'cut',
  'notice',
  'gap',
  'gaps',
  'refuse',
  'slam',
  'hang',
  'open',
  'mute',
  'no acks',
  'acks',
  'no pages',
  'limited',
  'pages',
  'silent',
  'served',
  'stale',
  'slow',
  'fast',
  'jump',
] as const;
type Fault = (typeof FAULTS)[number];

function strike(rig: Rig, fault: Fault, pick: number): void {
  const { venue } = rig;
  const symbol = rig.symbols[pick % rig.symbols.length];
  const socket = venue.live[pick % Math.max(1, venue.live.length)];
  const acts: Record<Fault, () => void> = {
    cut: () => socket?.cut(),
    notice: () => socket?.tell({ ending: true }),
    gap: () => venue.change(symbol, 1 + (pick % 3)),
    gaps: () => {
      for (const one of rig.symbols) venue.change(one, 1);
    },
    refuse: () => {
      venue.door = 'refuse';
    },
    slam: () => {
      venue.door = 'slam';
    },
    hang: () => {
      venue.door = 'hang';
    },
    open: () => {
      venue.door = 'open';
    },
    mute: () => {
      // Half-open: the client sees an open socket on which nothing comes ever again.
      for (const one of venue.live) one.isMuted = true;
    },
    'no acks': () => {
      venue.acknowledges = false;
    },
    acks: () => {
      venue.acknowledges = true;
    },
    'no pages': () => {
      venue.answer = ({ url }) =>
        pick % 3 === 0 ? 'hang' : pick % 3 === 1 ? 'fail' : url.length % 2 === 0 ? { status: 503 } : null;
    },
    limited: () => {
      venue.answer = () => ({ status: 429, headers: { 'retry-after': '2' } });
    },
    pages: () => {
      venue.answer = null;
    },
    silent: () => venue.silent.add(`book:${symbol}`),
    served: () => venue.silent.clear(),
    stale: () =>
      rig.book(symbol).isLive && rig.book(symbol).enter(BookState.stale, StateReason.silent, rig.timers.nowMs()),
    slow: () => {
      venue.latencyMs = 700;
    },
    fast: () => {
      venue.latencyMs = 10;
    },
    jump: () => rig.jumpWall(pick % 2 === 0 ? 3_600_000 : -3_600_000),
  };
  acts[fault]();
}

function calm(rig: Rig): void {
  Object.assign(rig.venue, { door: 'open', acknowledges: true, answer: null, latencyMs: 10 });
  rig.venue.silent.clear();
}

const fault = fc.record({
  fault: fc.constantFrom(...FAULTS),
  pick: fc.nat(1_000),
  waitMs: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 15_000 })),
});

for (const [bookSource, isInAddress] of [
  ['stream', false],
  ['stream', true],
  ['rest', false],
  ['rest', true],
] as ReadonlyArray<[BookSource, boolean]>) {
  test(`after any faults all markets are live again, no limit is broken, nothing is left (${bookSource}${isInAddress ? ', in the address' : ''})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 25 }), async (faults) => {
        const limits = { ...LIMITS, booksPerConnection: 4, requests: { count: 60, windowMs: 600_000 } };
        const rig = new Rig({ bookSource, isInAddress, limits, pingEveryMs: 5_000, deadAfterMs: 12_000 }, names(10), {
          breaker: { ...BREAKER, retriesMax: 5 },
          rest: { ...REST, timeoutMs: 4_000 },
          silentReplaceMs: 60_000,
        });
        let pushed = 0;
        for (const { fault: what, pick, waitMs } of faults) {
          strike(rig, what, pick);
          await rig.timers.advance(waitMs);
          rig.venue.change(rig.symbols[pushed++ % 10]);
          rig.venue.trade(rig.symbols[pick % 10]);
        }
        calm(rig);
        const isWhole = (): boolean => {
          if (rig.liveCount < 10) return false;
          return rig.symbols.every((symbol) => rig.book(symbol).sequence === rig.venue.sequenceOf(symbol));
        };
        let isHealed = false;
        for (let second = 0; second < 900 && !isHealed; second++) {
          for (const symbol of rig.symbols) rig.venue.change(symbol);
          await rig.timers.advance(1_000);
          isHealed = isWhole();
        }
        assert.ok(isHealed, `${rig.liveCount} live`);
        // What was traded since the first trade known of a market is all there.
        for (const symbol of rig.trades.keys()) rig.venue.trade(symbol);
        await rig.timers.advance(120_000);
        for (const [symbol, ids] of rig.trades) {
          const sorted = [...ids].sort((a, b) => a - b);
          const whole = Array.from({ length: sorted[sorted.length - 1] - sorted[0] + 1 }, (_, i) => sorted[0] + i);
          assert.deepEqual(sorted, whole, symbol);
        }
        const stopping = rig.feed.stop();
        await rig.timers.advance(10_000);
        const { sockets_left, timers_left } = await stopping;
        await rig.timers.advance(60_000);
        assert.deepEqual([sockets_left, timers_left, rig.timers.open], [0, 0, 0]);
        assert.deepEqual([rig.venue.socketsOpen, rig.openIds.size, rig.takenAfterClose], [0, 0, 0]);
        assert.equal(rig.venue.violations, 0);
      }),
      { numRuns: 60 },
    );
  });
}
