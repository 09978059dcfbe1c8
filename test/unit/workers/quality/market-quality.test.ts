// The quality of one market: order, skew, crossings against counts over the whole list; activity and silence on made rates.

import '../../../support/seed.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CLOCK_STEP_US, DEAD_AFTER_MS, QUIET_AFTER_MS, RATE_WARM_GAPS } from '../../../../schemas/config.ts';
import {
  MARKET_COUNTER_COLUMNS,
  MARKET_COUNTERS,
  type MarketCounterName,
  type MarketMeasureName,
  marketCounter,
  marketMeasure,
} from '../../../../schemas/counters.ts';
import { Activity } from '../../../../schemas/shared-state.ts';
import { MarketQuality } from '../../../../workers/quality/market-quality.ts';

const ANCHOR_US = 1_786_000_000_000_000;
const SECOND_US = 1_000_000;
const STALE_MS = 10_000;
/** A silence is over its limit at the first clock record behind it. */
const STEP_S = CLOCK_STEP_US / SECOND_US;
/** Offset of the times, and of prices, other than 0. */
const AT = 2;

class Feed {
  readonly counters = new Float64Array(MARKET_COUNTER_COLUMNS);
  readonly quality: MarketQuality;
  private readonly f64 = new Float64Array(8);
  private nowUs: number;

  constructor(staleAfterMs = STALE_MS, startUs = ANCHOR_US) {
    this.quality = new MarketQuality(this.counters, staleAfterMs, ANCHOR_US);
    this.nowUs = startUs;
  }

  count(name: MarketCounterName): number {
    return this.counters[marketCounter[name]];
  }

  measure(name: MarketMeasureName): number {
    return this.counters[marketMeasure[name]];
  }

  private times(receiveUs: number, venueUs: number): void {
    this.f64[AT] = (receiveUs - ANCHOR_US) * 1000;
    this.f64[AT + 1] = venueUs;
  }

  book(receiveUs: number, venueUs = 0, isCrossed = false, isLocked = false): void {
    this.times(receiveUs, venueUs);
    this.quality.bookTimes(this.f64, AT);
    this.quality.bookApplied(isCrossed, isLocked);
  }

  trade(receiveUs: number, venueUs = 0, priceMilli = 100_000): boolean {
    this.times(receiveUs, venueUs);
    this.quality.tradeTimes(this.f64, AT);
    this.f64[AT] = priceMilli;
    this.f64[AT + 1] = 0;
    return this.quality.trade(this.f64, AT);
  }

  quote(receiveUs: number): void {
    this.times(receiveUs, 1);
    this.quality.arrived(this.f64, AT);
  }

  clock(timeUs: number): Activity {
    this.f64[AT] = timeUs;
    return this.quality.clock(this.f64, AT);
  }

  /** Lets seconds pass with book changes every `gapUs`, the last behind the last clock record; 0 is silence. Returns what was judged. */
  run(seconds: number, gapUs: number): Set<Activity> {
    const judged = new Set<Activity>();
    const endUs = this.nowUs + seconds * SECOND_US;
    let nextUs = gapUs > 0 ? this.nowUs + gapUs : Number.POSITIVE_INFINITY;
    for (let clockUs = this.nowUs; clockUs <= endUs; clockUs += CLOCK_STEP_US) {
      for (; nextUs < clockUs; nextUs += gapUs) this.book(nextUs);
      judged.add(this.clock(clockUs));
    }
    for (; nextUs <= endUs; nextUs += gapUs) this.book(nextUs);
    this.nowUs = endUs;
    return judged;
  }

  /** Seconds of silence after which the market is first judged so; -1 where it never is. */
  secondsUntil(isSo: () => boolean, limitSeconds: number): number {
    for (let tenths = 0; tenths <= limitSeconds * 10; tenths++) {
      this.clock(this.nowUs + tenths * CLOCK_STEP_US);
      if (isSo()) return tenths / 10;
    }
    return -1;
  }
}

type Input = { readonly isBook: boolean; readonly receiveUs: number; readonly venueUs: number };

const input = fc.record({
  isBook: fc.boolean(),
  receiveUs: fc.oneof({ weight: 9, arbitrary: fc.nat(60_000_000) }, { weight: 1, arbitrary: fc.constant(Number.NaN) }),
  venueUs: fc.oneof({ weight: 4, arbitrary: fc.nat(60_000_000) }, { weight: 1, arbitrary: fc.constant(-ANCHOR_US) }),
});

function apply(feed: Feed, list: readonly Input[]): void {
  for (const { isBook, receiveUs, venueUs } of list) {
    if (isBook) feed.book(ANCHOR_US + receiveUs, ANCHOR_US + venueUs);
    else feed.trade(ANCHOR_US + receiveUs, ANCHOR_US + venueUs);
  }
}

/** Records of a channel, among those with a venue time, that are before their neighbour. */
function disordered(list: readonly Input[], isBook: boolean): number {
  const timed = list.filter((each) => each.isBook === isBook && each.venueUs >= 0);
  return timed.filter((each, i) => i > 0 && each.venueUs < timed[i - 1].venueUs).length;
}

describe('order and skew', () => {
  test('are those of the whole list, each channel in its own order', () => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 60 }), (list) => {
        const feed = new Feed();
        apply(feed, list);
        assert.equal(feed.count('outOfOrder'), disordered(list, true) + disordered(list, false));
        const skews = list
          .filter(({ receiveUs, venueUs }) => venueUs >= 0 && !Number.isNaN(receiveUs))
          .map(({ receiveUs, venueUs }) => receiveUs - venueUs);
        assert.equal(feed.measure('skewCount'), skews.length);
        assert.equal(
          feed.measure('skewSumUs'),
          skews.reduce((sum, skew) => sum + skew, 0),
        );
        if (skews.length === 0) return;
        assert.deepEqual(
          [feed.measure('skewMinUs'), feed.measure('skewMaxUs')],
          [Math.min(...skews), Math.max(...skews)],
        );
      }),
    );
  });

  test('have a least that can be above 0 and a greatest that can be below it', () => {
    const [late, early] = [new Feed(), new Feed()];
    for (const skewUs of [7000, 5000, 9000]) {
      late.book(ANCHOR_US + 20_000, ANCHOR_US + 20_000 - skewUs);
      early.trade(ANCHOR_US + 20_000, ANCHOR_US + 20_000 + skewUs);
    }
    assert.deepEqual([late.measure('skewMinUs'), late.measure('skewMaxUs')], [5000, 9000]);
    assert.deepEqual([early.measure('skewMinUs'), early.measure('skewMaxUs')], [-9000, -5000]);
  });

  test('count one record for one forward jump of a venue clock, not all that follow', () => {
    const feed = new Feed();
    for (const ms of [0, 1, 3_600_000, 2, 3, 4]) feed.book(ANCHOR_US, ANCHOR_US + ms * 1000);
    assert.equal(feed.count('outOfOrder'), 1);
  });

  test('are not touched by records whose venue time says nothing', () => {
    const feed = new Feed();
    feed.book(ANCHOR_US + 1000, ANCHOR_US);
    feed.quote(ANCHOR_US + 2000);
    assert.deepEqual([feed.count('outOfOrder'), feed.measure('skewCount')], [0, 1]);
  });
});

describe('crossed and locked', () => {
  test('count each change into the state, as the whole list has them', () => {
    const states = fc.constantFrom('open', 'crossed', 'locked');
    fc.assert(
      fc.property(fc.array(states, { maxLength: 40 }), (list) => {
        const feed = new Feed();
        for (const state of list) feed.book(ANCHOR_US, 0, state === 'crossed', state === 'locked');
        const entered = (state: string): number =>
          list.filter((each, i) => each === state && list[i - 1] !== state).length;
        assert.deepEqual([feed.count('crossed'), feed.count('locked')], [entered('crossed'), entered('locked')]);
      }),
    );
  });
});

describe('trades', () => {
  test('are counted by record, and flagged and counted where their price is an outlier', () => {
    const feed = new Feed();
    const flags = Array.from({ length: 100 }, (_, i) => feed.trade(ANCHOR_US + i, 0, i === 80 ? 1_000_000 : 100_000));
    assert.deepEqual([feed.count('tradeRecords'), feed.count('outliers')], [100, 1]);
    assert.equal(flags.indexOf(true), 80);
  });
});

describe('activity', () => {
  test('of a fast market that stops is quiet after five seconds, dead after a minute, and active with the next record', () => {
    const feed = new Feed();
    assert.deepEqual([...feed.run(60, 50_000)], [Activity.quiet, Activity.active]);
    const { quality } = feed;
    assert.equal(
      feed.secondsUntil(() => quality.activity === Activity.quiet, 120),
      QUIET_AFTER_MS / 1000 + STEP_S,
    );
    assert.equal(
      feed.secondsUntil(() => quality.activity === Activity.dead, 120),
      DEAD_AFTER_MS / 1000 + STEP_S,
    );
    feed.trade(ANCHOR_US + 200 * SECOND_US);
    assert.equal(quality.activity, Activity.active);
    assert.equal(feed.clock(ANCHOR_US + 200 * SECOND_US), Activity.active);
  });

  test('of a slow market with long regular gaps is never quiet or dead once they are known', () => {
    const feed = new Feed();
    assert.ok(!feed.run(RATE_WARM_GAPS * 600, 600 * SECOND_US).has(Activity.dead));
    assert.deepEqual([...feed.run(10 * 600, 600 * SECOND_US)], [Activity.active]);
    // Five gaps of ten minutes, and twenty.
    assert.equal(
      feed.secondsUntil(() => feed.quality.activity === Activity.quiet, 20_000),
      3000 + STEP_S,
    );
    assert.equal(
      feed.secondsUntil(() => feed.quality.activity === Activity.dead, 20_000),
      12_000 + STEP_S,
    );
  });

  test('is not dead before the rate is known, however long the silence', () => {
    const feed = new Feed();
    for (let i = 0; i < RATE_WARM_GAPS; i++) feed.trade(ANCHOR_US + i);
    assert.equal(feed.clock(ANCHOR_US + 86_400 * SECOND_US), Activity.quiet);
    assert.equal(new Feed().clock(ANCHOR_US), Activity.quiet);
  });

  test('remembers the longest gap: a market that pauses now and then is not dead in the next pause', () => {
    const feed = new Feed();
    feed.run(10, SECOND_US);
    feed.run(300, 0);
    for (let round = 0; round < 5; round++) {
      feed.run(60, SECOND_US);
      assert.ok(!feed.run(300, 0).has(Activity.dead), `in round ${round}`);
    }
  });

  test('is kept up by quotes alone', () => {
    const feed = new Feed();
    for (let i = 0; i < 200; i++) feed.quote(ANCHOR_US + i * SECOND_US);
    assert.equal(feed.clock(ANCHOR_US + 202 * SECOND_US), Activity.active);
    assert.equal(feed.clock(ANCHOR_US + 300 * SECOND_US), Activity.dead);
  });
});

describe('silence of a book', () => {
  test('begins when no change was applied for the time set, and ends with the next', () => {
    const feed = new Feed(STALE_MS);
    feed.run(60, 50_000);
    assert.equal(
      feed.secondsUntil(() => feed.quality.isSilent, 60),
      STALE_MS / 1000 + STEP_S,
    );
    feed.book(ANCHOR_US + 100 * SECOND_US);
    assert.equal(feed.quality.isSilent, false);
  });

  test('is not ended by trades', () => {
    const feed = new Feed(STALE_MS);
    feed.run(60, 50_000);
    for (let i = 0; i < 20; i++) feed.trade(ANCHOR_US + (60 + i) * SECOND_US);
    assert.equal(feed.clock(ANCHOR_US + 80 * SECOND_US), Activity.active);
    assert.equal(feed.quality.isSilent, true);
  });

  test('is longer than the setting where the book is slow, and never judged with 0', () => {
    const [slow, off] = [new Feed(STALE_MS), new Feed(0)];
    for (const feed of [slow, off]) feed.run(30 * 5, 5 * SECOND_US);
    assert.equal(
      slow.secondsUntil(() => slow.quality.isSilent, 600),
      100.1,
    );
    assert.equal(
      off.secondsUntil(() => off.quality.isSilent, 600),
      -1,
    );
  });

  test('is not judged before twenty gaps', () => {
    const feed = new Feed(STALE_MS);
    for (let i = 0; i < RATE_WARM_GAPS; i++) feed.book(ANCHOR_US + i);
    assert.equal(
      feed.secondsUntil(() => feed.quality.isSilent, 600),
      -1,
    );
  });
});

test('the same records judge the same at any other time of day', () => {
  const run = (shiftUs: number): unknown => {
    const feed = new Feed(STALE_MS, ANCHOR_US + shiftUs);
    const judged = [feed.run(30, 300_000), feed.run(70, 0), feed.run(30, 2 * SECOND_US), feed.run(400, 0)];
    return [judged.map((each) => [...each]), feed.quality.isSilent, [...feed.counters]];
  };
  assert.deepEqual(run(0), run(0));
  assert.deepEqual(run(0), run(86_400 * SECOND_US));
});

test('a shard that starts anew adds to what its markets have counted', () => {
  const feed = new Feed();
  feed.book(ANCHOR_US + 5000, ANCHOR_US);
  const anew = new MarketQuality(feed.counters, STALE_MS, ANCHOR_US);
  anew.tradeTimes(Float64Array.of(9000 * 1000, ANCHOR_US), 0);
  assert.deepEqual([feed.measure('skewMinUs'), feed.measure('skewMaxUs'), feed.measure('skewCount')], [5000, 9000, 2]);
});

test('measures lie behind the counters and share no column with them', () => {
  const columns = [...Object.values(marketCounter), ...Object.values(marketMeasure)].sort((a, b) => a - b);
  assert.deepEqual(columns, [...Array(MARKET_COUNTER_COLUMNS).keys()]);
  assert.equal(Math.min(...Object.values(marketMeasure)), MARKET_COUNTERS.length);
});
