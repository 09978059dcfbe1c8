// Owns the proof that a shard which takes another's place comes to what that one would have come to, and tells all of it once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Interest, RecordType, StateReason } from '../../schemas/ids.ts';
import { SIGNAL_CATALOGUE } from '../../schemas/signals.ts';
import { type Input, recordInput, ShardRig, typeOf, withCheckpoints } from '../support/shard-rig.ts';
import '../support/seed.ts';

const GOLDEN = new URL('../golden/', import.meta.url);
const session = (dialect: 'binance' | 'binance-futures' | 'coinbase' | 'json' | 'kraken', name: string) =>
  ({ dialect, path: new URL(`${name}.ndjson`, GOLDEN) }) as const;
/** The venue whose books are crossed by nature and whose trade ids do not rise. */
const crossing = { ...session('json', 'json-5'), edit: (text: string) => text.replaceAll('synthetic', 'dydx') };

const INPUTS: readonly Input[] = [
  recordInput([session('binance', 'binance-1'), session('kraken', 'kraken-3')], 1),
  recordInput([session('binance-futures', 'binance-futures-2'), crossing], 3),
  recordInput([session('coinbase', 'coinbase-4'), session('json', 'json-5'), crossing], 7),
];

/** Every signal there is, on bars short enough to close. */
const SIGNALS = SIGNAL_CATALOGUE.map(({ name, input }) => (input === 'bar' ? `${name}@100ms` : name));
const PLANS = [
  { usual: { bars: ['1s'], signals: SIGNALS } },
  { usual: { bars: ['100ms', '1s', '10t', '5v', '1000n'] } },
  { usual: { bars: ['1s'], book: 5 as const, emptyBars: 'flat' as const, staleAfterMs: 300 } },
] as const;
const ALL = Object.values(Interest).reduce((bits, bit) => bits | bit, 0);
const LISTENING = [0, Interest.book, Interest.status, ALL] as const;
const RUNS = 60;

test('a shard killed at any record is taken over without a trace', () => {
  fc.assert(
    fc.property(
      fc.nat(INPUTS.length - 1),
      fc.constantFrom(...PLANS),
      fc.constantFrom(...LISTENING),
      fc.record({
        each: fc.integer({ min: 3, max: 60 }),
        feeds: fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 }),
        kills: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }),
        isBehind: fc.boolean(),
        endsCaptures: fc.boolean(),
      }),
      (at, plan, interest, { each, feeds, kills, isBehind, endsCaptures }) => {
        const input = withCheckpoints(INPUTS[at], each);
        const undisturbed = new ShardRig(input, plan, interest);
        undisturbed.feed(input.slots.length);
        assert.equal(undisturbed.run(), false);
        const killed = new ShardRig(input, plan, interest);
        killed.killsBehind = isBehind;
        const places = kills.map((part) => Math.floor(part * input.slots.length)).sort((a, b) => a - b);
        killed.killAt = places.shift() ?? Number.POSITIVE_INFINITY;
        for (let fed = 0, turn = 0; fed < input.slots.length; turn++) {
          fed += feeds[turn % feeds.length];
          killed.feed(fed);
          while (killed.run()) {
            killed.killAt = places.shift() ?? Number.POSITIVE_INFINITY;
            killed.takeOver();
          }
          if (endsCaptures) killed.endCapture();
        }
        assert.deepEqual(killed.faults, []);
        assert.deepEqual(killed.outcome(), undisturbed.outcome());
      },
    ),
    { numRuns: RUNS },
  );
});

test('a checkpoint written while records go on is that of the moment at which it began, byte for byte', () => {
  fc.assert(
    fc.property(
      fc.nat(INPUTS.length - 1),
      fc.constantFrom(...PLANS),
      fc.constantFrom(...LISTENING),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(3),
      (at, plan, interest, part, turns) => {
        const commits = INPUTS[at].slots.filter((slot) => typeOf(slot) === RecordType.stamp).length;
        const input = withCheckpoints(INPUTS[at], Math.floor((0.5 + part / 2) * (commits - 2)) + 2);
        const begun = input.slots.findIndex((slot) => typeOf(slot) === RecordType.checkpoint);
        const [atOnce, meanwhile] = [new ShardRig(input, plan, interest), new ShardRig(input, plan, interest)];
        for (const rig of [atOnce, meanwhile]) {
          rig.feed(begun);
          rig.run();
          rig.capturesLeft = rig === atOnce ? Number.POSITIVE_INFINITY : turns;
          rig.feed(begun + 2);
          rig.run();
        }
        atOnce.endCapture();
        meanwhile.feed(input.slots.length - 2);
        meanwhile.run();
        meanwhile.capturesLeft = Number.POSITIVE_INFINITY;
        meanwhile.endCapture();
        assert.equal(atOnce.parts.length, 1);
        assert.deepEqual(meanwhile.parts, atOnce.parts);
      },
    ),
    { numRuns: RUNS },
  );
});

test('a market of another plan begins anew, and main is told; one of the same does not', () => {
  const input = withCheckpoints(INPUTS[0], 40);
  const rig = new ShardRig(input, PLANS[1], ALL);
  rig.feed(input.slots.length);
  rig.run();
  rig.endCapture();
  rig.plan = PLANS[2];
  rig.takeOver();
  assert.equal(rig.faults.length, input.names.length);
  assert.match(rig.faults[0], /expected the same plan/);
  assert.ok(rig.dispatch.markets.every(({ book }) => book.reason === StateReason.restart));
});
