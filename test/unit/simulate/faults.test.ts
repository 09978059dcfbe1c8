// Fault plans: how they are written, and that what is drawn follows from the seed and a subscription's own frames.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../../engine/base/errors.ts';
import { corruptDigit } from '../../../engine/simulate/corrupt-digit.ts';
import { FaultLog } from '../../../engine/simulate/fault-log.ts';
import { FAULT_PLAN_DEFAULT, faultPlanOf, parseFaultPlan } from '../../../engine/simulate/fault-plan.ts';
import { Faults } from '../../../engine/simulate/faults.ts';
import { seededRandom } from '../../../engine/synthetic/random.ts';
import { SEED } from '../../support/seed.ts';

const FRAME = '{"channel":"book","symbol":"BTC-USD","seq":1234567,"bids":[["97012.34","0.1200"]],"asks":[]}';
const KINDS_OF_FRAMES =
  'gap=20,duplicate=20,reorder=20,delay=20,corrupt=20,cut=20,half-open=20,silent=20,counter-reset=20';

function makeFaults(nowMs: () => number = () => 0) {
  const log = new FaultLog();
  return { faults: new Faults(log, nowMs), log };
}

test('a plan is read from rates and bounds by name', () => {
  const plan = parseFaultPlan('gap=1, half-open=0.5,429=20,seed=7,delayMsMax=50,channels=book,symbols=A+B');
  assert.deepEqual(plan, {
    ...FAULT_PLAN_DEFAULT,
    rates: { gap: 1, 'half-open': 0.5, '429': 20 },
    seed: 7,
    delayMsMax: 50,
    channels: ['book'],
    symbols: ['A', 'B'],
  });
  assert.deepEqual(faultPlanOf({ gap: 1, most: 3 }), { ...FAULT_PLAN_DEFAULT, rates: { gap: 1 }, most: 3 });
});

test('a wrong plan says what is wrong', () => {
  for (const text of ['gap', 'gaps=1', 'gap=x', 'gap=-1', 'gap=1001', 'flapping=11', '', 'gap=1e3', 'channels=bar']) {
    assert.throws(() => parseFaultPlan(text), UsageError, text);
  }
  assert.throws(() => parseFaultPlan('gaps=1'), /expected .*gap, duplicate.*was "gaps"/);
});

/** The log of frames in an order that `pick` gives. */
function logOf(seed: number, lanes: readonly string[], frames: number, pick: (i: number) => number): string[] {
  const { faults, log } = makeFaults();
  faults.start(parseFaultPlan(`${KINDS_OF_FRAMES},seed=${seed}`));
  for (let i = 0; i < frames; i++) faults.ofFrame(lanes[pick(i)], 'book', FRAME);
  return log.entries.map(({ kind, symbol, frame, detail }) => `${symbol} ${frame} ${kind} ${detail}`);
}

test('the same seed gives the same faults, another seed others', () => {
  const run = (seed: number) => logOf(seed, ['A', 'B'], 2_000, (i) => i % 2);
  assert.deepEqual(run(SEED), run(SEED));
  assert.notDeepEqual(run(SEED), run(SEED + 1));
  assert.ok(run(SEED).length > 100);
});

test("a subscription's faults depend on its own frames, not on those of others between them", () => {
  const together = logOf(5, ['A', 'B'], 2_000, (i) => i % 2).filter((line) => line.startsWith('A'));
  const alone = logOf(5, ['A'], 1_000, () => 0);
  assert.deepEqual(together, alone);
});

test('rates are per 1,000 frames', () => {
  const { faults, log } = makeFaults();
  faults.start(parseFaultPlan(`gap=50,duplicate=100,seed=${SEED}`));
  for (let i = 0; i < 20_000; i++) faults.ofFrame(`M${i % 20}`, 'book', FRAME);
  const { gap = 0, duplicate = 0 } = log.counts();
  assert.ok(Math.abs(gap - 1_000) < 200, `gaps ${gap}`);
  assert.ok(Math.abs(duplicate - 2_000) < 300, `duplicates ${duplicate}`);
  assert.equal(log.total, gap + duplicate);
});

test('what is drawn stays inside its bounds', () => {
  const { faults } = makeFaults();
  faults.start(parseFaultPlan(`duplicate=250,reorder=250,delay=250,cut=250,delayMsMax=40,seed=${SEED}`));
  const seen = new Set<string>();
  for (let i = 0; i < 4_000; i++) {
    const fault = faults.ofFrame('A', 'book', FRAME);
    if (fault?.kind === 'duplicate') assert.ok(fault.copies >= 2 && fault.copies <= 5);
    if (fault?.kind === 'reorder') assert.ok(fault.positions >= 1 && fault.positions <= 15);
    if (fault?.kind === 'delay') assert.ok(fault.delayMs >= 10 && fault.delayMs <= 40);
    if (fault?.kind === 'cut') assert.ok(fault.bytes >= 0 && fault.bytes < FRAME.length + 2);
    seen.add(JSON.stringify(fault));
  }
  assert.ok(seen.size > 4 + 15 + 31 + 80, `all of them occur, ${seen.size}`);
});

test('a plan keeps to its channels, its markets and its number', () => {
  const { faults, log } = makeFaults();
  faults.start(faultPlanOf({ gap: 1_000, channels: ['trades'], symbols: ['A'], most: 3 }));
  assert.equal(faults.ofFrame('A', 'book', FRAME), null);
  assert.equal(faults.ofFrame('B', 'trades', FRAME), null);
  for (let i = 0; i < 5; i++) faults.ofFrame('A', 'trades', FRAME);
  assert.equal(log.total, 3);
});

test('digits and counters are of books alone', () => {
  const { faults, log } = makeFaults();
  faults.start(faultPlanOf({ corrupt: 500, 'counter-reset': 500 }));
  for (let i = 0; i < 50; i++) assert.equal(faults.ofFrame('A', 'trades', FRAME), null);
  faults.ofFrame('A', 'book', FRAME);
  assert.equal(log.total, 1);
});

test('an ordered fault strikes the next frame that suits it, once, without a plan', () => {
  const { faults, log } = makeFaults();
  faults.order({ kind: 'gap', symbol: 'B' });
  faults.order({ kind: 'cut', bytes: 5 });
  assert.deepEqual(faults.ofFrame('A', 'trades', FRAME), { kind: 'cut', bytes: 5 });
  assert.equal(faults.ofFrame('A', 'book', FRAME), null);
  assert.deepEqual(faults.ofFrame('B', 'book', FRAME), { kind: 'gap' });
  assert.equal(faults.ofFrame('B', 'book', FRAME), null);
  assert.equal(log.total, 2);
  faults.order({ kind: 'gap' });
  faults.stop();
  assert.equal(faults.ordersLeft, 0);
});

test('requests are struck by rate or order; only snapshots are slow or stale', () => {
  const { faults, log } = makeFaults();
  faults.start(faultPlanOf({ '429': 100, 'slow-snapshot': 100, 'stale-snapshot': 100, slowMsMax: 200, seed: SEED }));
  for (let i = 0; i < 3_000; i++) {
    const fault = faults.ofRequest('/book', true);
    if (fault?.kind === 'slow-snapshot') assert.ok(fault.slowMs >= 20 && fault.slowMs <= 200);
    faults.isStale('/book');
    assert.notEqual(faults.ofRequest('/markets', false)?.kind, 'slow-snapshot');
  }
  const counts = log.counts();
  assert.ok(Math.abs((counts['429'] ?? 0) - 600) < 150, JSON.stringify(counts));
  assert.ok(Math.abs((counts['slow-snapshot'] ?? 0) - 270) < 100, JSON.stringify(counts));
  assert.ok(Math.abs((counts['stale-snapshot'] ?? 0) - 300) < 100, JSON.stringify(counts));
  faults.stop();
  faults.order({ kind: '429', symbol: 'BTC' });
  assert.equal(faults.ofRequest('/book?symbol=ETH', true), null);
  assert.deepEqual(faults.ofRequest('/book?symbol=BTC', true), { kind: '429' });
});

test('outages begin by the second and end', () => {
  let nowMs = 0;
  const { faults, log } = makeFaults(() => nowMs);
  faults.start(faultPlanOf({ flapping: 0.1, refuse: 0.1, outageMsMax: 1_000, seed: SEED }));
  let flapping = 0;
  for (; nowMs < 1_000_000; nowMs += 100) {
    faults.tick(100);
    if (faults.isFlapping) flapping++;
  }
  const { flapping: began = 0, refuse = 0 } = log.counts();
  assert.ok(began > 50 && began < 170 && refuse > 50 && refuse < 170, JSON.stringify(log.counts()));
  assert.ok(flapping > began && flapping <= began * 10, `${flapping} ticks of ${began}`);
  faults.order({ kind: 'refuse' });
  assert.ok(faults.isRefusing);
  faults.stop();
  assert.ok(!faults.isRefusing && !faults.isFlapping);
});

test('one digit of one price or quantity changes and the frame stays well-formed', () => {
  const frames = [
    FRAME,
    '{"e":"depthUpdate","E":1741080600123,"U":157,"u":160,"b":[["0.00240000","10"]],"a":[]}',
    '{"channel":"book","data":[{"bids":[{"price":97012.1,"qty":0.5}],"checksum":3310070434,"timestamp":"2026-03-04T09:30:00.123456Z"}]}',
    '[0,{"a":[["5541.30000","2.50700000","1534614248.456738"]],"c":"974942666"},"book-10","XBT/USD"]',
    '[17,[35412,2,-14000],53]',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...frames), fc.nat(), (text, seed) => {
      const changed = corruptDigit(text, seededRandom(seed, 'digit'));
      assert.ok(changed !== null);
      assert.equal(changed.text.length, text.length);
      const places = [...text].flatMap((character, i) => (character === changed.text[i] ? [] : [i]));
      assert.equal(places.length, 1);
      assert.match(changed.text[places[0]], /\d/);
      assert.doesNotThrow(() => JSON.parse(changed.text));
      for (const kept of [
        '1741080600123',
        '3310070434',
        '974942666',
        '1534614248.456738',
        '09:30:00.123456',
        '1234567',
      ]) {
        assert.equal(changed.text.includes(kept), text.includes(kept));
      }
    }),
  );
  assert.equal(corruptDigit('{"seq":12,"bids":[]}', seededRandom(1, 'digit')), null);
});
