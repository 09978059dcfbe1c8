// Owns the checks of the trade filter: channels, off-market trades, repeats, missing ids, and the window of ids.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TRADE_ID_WINDOW } from '../../../../schemas/config.ts';
import { TradeFlag } from '../../../../schemas/ids.ts';
import { venueRule } from '../../../../schemas/venue-rules.ts';
import { TradeFilter, TradeVerdict } from '../../../../workers/bars/trade-filter.ts';
import { hashText, TradeIdWindow } from '../../../../workers/bars/trade-id-window.ts';
import { countersOf, makeCounters, Records, SLOT, type TradeInput } from './records.ts';

const { leftOut, accepted, acceptedAfterGap } = TradeVerdict;

class Subject {
  readonly counters = makeCounters();
  readonly filter: TradeFilter;
  private readonly records = new Records();

  constructor(venue: string) {
    this.filter = new TradeFilter(venueRule(venue), this.counters);
  }

  accept(input: Partial<TradeInput>): number {
    this.records.writeTrade({ timeUs: 0, price: 0n, quantity: 0n, ...input });
    const { u8, u32, f64 } = this.records;
    return this.filter.accept(u8, u32, f64, SLOT);
  }

  ids(...ids: number[]): number[] {
    return ids.map((id) => this.accept({ id }));
  }

  counts(): number[] {
    return countersOf(this.counters, 'trades', 'duplicates', 'otherTrades');
  }
}

describe('TradeFilter', () => {
  for (const [first, other] of [
    [0, TradeFlag.aggregate],
    [TradeFlag.aggregate, 0],
  ]) {
    it(`takes the channel it sees first (flags ${first}) and counts the other`, () => {
      const subject = new Subject('binance');
      const verdicts = [first, other, first].map((flags, index) =>
        subject.accept({ id: 10 + index, flags, matches: 4 }),
      );
      // The other channel numbers its trades by itself, so its ids close no hole here.
      assert.deepEqual(verdicts, [accepted, leftOut, acceptedAfterGap]);
      assert.deepEqual(subject.counts(), [8, 0, 1]);
    });
  }

  it('leaves trades made outside the market out, but not their ids', () => {
    const subject = new Subject('binance-futures');
    assert.deepEqual(subject.ids(5), [accepted]);
    assert.equal(subject.accept({ id: 6, flags: TradeFlag.offMarket }), leftOut);
    assert.equal(subject.accept({ id: 9, flags: TradeFlag.offMarket }), leftOut);
    assert.deepEqual(subject.ids(7, 8, 10, 12), [accepted, accepted, accepted, acceptedAfterGap]);
    assert.deepEqual(subject.counts(), [5, 0, 2]);
  });

  it('lets an off-market trade choose the channel', () => {
    const subject = new Subject('binance-futures');
    assert.equal(subject.accept({ id: 6, flags: TradeFlag.offMarket }), leftOut);
    assert.equal(subject.accept({ id: 6, flags: TradeFlag.aggregate }), leftOut);
    assert.deepEqual(subject.ids(7), [accepted]);
  });

  it('leaves out ids not above the last where ids rise, and says how many are missing', () => {
    const subject = new Subject('binance');
    assert.deepEqual(subject.ids(100, 100, 99, 101), [accepted, leftOut, leftOut, accepted]);
    assert.equal(subject.accept({ id: 105 }), acceptedAfterGap);
    assert.equal(subject.filter.missing[0], 3);
    assert.deepEqual(subject.ids(104, 106), [leftOut, accepted]);
    assert.deepEqual(subject.counts(), [4, 3, 0]);
  });

  it('leaves out ids it remembers elsewhere, in any order, and sees no gaps', () => {
    const subject = new Subject('coinbase');
    assert.deepEqual(subject.ids(7, 2 ** 53, 3, 7, 0, 0, 2 ** 53, 900), [
      accepted,
      accepted,
      accepted,
      leftOut,
      accepted,
      leftOut,
      leftOut,
      accepted,
    ]);
    assert.deepEqual(subject.counts(), [5, 3, 0]);
  });

  it('tells texts apart by their bytes, also at a venue whose numbers rise', () => {
    for (const venue of ['json', 'binance']) {
      const subject = new Subject(venue);
      const texts = ['a', 'b', 'ab', 'ba', 'a', '', 'ä', 'a'.repeat(56), 'ab'];
      const verdicts = texts.map((text) => subject.accept({ text }));
      assert.deepEqual(
        verdicts,
        texts.map((text, index) => (texts.indexOf(text) < index ? leftOut : accepted)),
      );
    }
  });

  it('never takes a trade without an id for a repeat', () => {
    for (const venue of ['json', 'binance']) {
      const subject = new Subject(venue);
      const flags = TradeFlag.noId;
      assert.deepEqual(
        [0, 1, 2].map(() => subject.accept({ flags })),
        [accepted, accepted, accepted],
      );
    }
  });
});

describe('TradeIdWindow', () => {
  it('equals a set of the last ids, through all its sizes and with ids that crowd one another', () => {
    const window = new TradeIdWindow();
    const order: number[] = [];
    const held = new Set<number>();
    const word = new Float64Array(1);
    let state = 42;
    for (let count = 0; count < 60_000; count++) {
      state = (state * 48_271) % (2 ** 31 - 1);
      const isOld = state % 4 === 0 && order.length > 0;
      // Steps of 2^32 and of the table's size meet in few places of it.
      const id = isOld ? order[state % order.length] : (count % 977) * 2 ** 32 + (state % 13) * 8192 + (count >> 5);
      word[0] = id;
      assert.equal(window.add(word, 0), !held.has(id), `id ${id} at ${count}`);
      if (held.has(id)) continue;
      held.add(id);
      order.push(id);
      if (order.length > TRADE_ID_WINDOW) held.delete(order.shift() as number);
    }
    assert.equal(held.size, TRADE_ID_WINDOW);
  });
});

describe('hashText', () => {
  it('gives integers of 53 bits without a collision among a million texts that differ little', () => {
    const out = new Float64Array(1);
    const seen = new Set<number>();
    const highs = new Set<number>();
    for (let count = 0; count < 1_000_000; count++) {
      const bytes = Buffer.from(`trade-${count}`);
      hashText(bytes, 0, bytes.length, out, 0);
      assert.ok(Number.isSafeInteger(out[0]) && out[0] >= 0);
      seen.add(out[0]);
      highs.add(Math.floor(out[0] / 2 ** 32));
    }
    assert.equal(seen.size, 1_000_000);
    // 21 bits thrown at random a million times fill 38 % of their values.
    assert.ok(highs.size > 750_000 && highs.size < 850_000, `${highs.size} high parts`);
  });
});
