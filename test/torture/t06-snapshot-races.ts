// T06: snapshots by REST that come late, old, twice or not at all, between changes that may be lost: a book is the venue's at
// its number, or not live, and is never fetched for ever.

import { BookState, type Dialect } from '../../schemas/ids.ts';
import { BookFollower } from '../support/book-follower.ts';
import { numbersOf } from '../support/recordings.ts';
import { levelsOf } from '../unit/workers/book/book-records.ts';
import { atMost, percentileOf, type Scenario, told, zeroOf } from './scenario.ts';

const SCHEDULES = { tiny: 600, small: 20_000, full: 150_000 } as const;
const VENUES: readonly Dialect[] = ['binance', 'binance-futures'];
const SYMBOL = 'BTCUSDT';
const CONNECTION = 'c';
const PRICES = 6;
/** Frames of a schedule, 100 ms apart; those of the calm behind it, in which snapshots are fresh. */
const FRAMES_MAX = 40;
const CALM_FRAMES = 12;
/** Steps that a snapshot takes: 10 s. */
const DELAY_STEPS = 100;
const FAILURES_MAX = 3;
const FRAME_SLOTS = 512;
const FETCHES_MAX = 3;

type Random = (limit: number) => number;

/** One market as the venue has it: each id is one change of one level. */
class TrueMarket {
  id = 100;
  private readonly sides = [new Map<number, number>(), new Map<number, number>()];
  private readonly texts = new Map<number, string>();

  constructor(random: Random) {
    for (let i = 0; i < 4; i++) this.change(random);
  }

  change(random: Random): { isBid: boolean; price: number; quantity: number } {
    const isBid = random(2) === 0;
    const side = this.sides[isBid ? 0 : 1];
    const price = isBid ? 1 + random(PRICES) : PRICES + 1 + random(PRICES);
    const quantity = random(3) === 0 ? 0 : 1 + random(9);
    if (quantity === 0) side.delete(price);
    else side.set(price, quantity);
    this.id++;
    this.texts.set(this.id, this.levels());
    return { isBid, price, quantity };
  }

  textAt(id: number): string | undefined {
    return this.texts.get(id);
  }

  private levels(): string {
    const list = (side: Map<number, number>, sign: number): string =>
      [...side]
        .sort(([a], [b]) => sign * (a - b))
        .map(([price, quantity]) => `["${price}","${quantity}"]`)
        .join(',');
    return `"bids":[${list(this.sides[0], -1)}],"asks":[${list(this.sides[1], 1)}]`;
  }
}

type Pending = { readonly atStep: number; readonly text: string | null };

/** `fetches` and `fresh` hold those of each sync: all, and those of them that were answered with what was true then. */
export type Verdict = {
  wrong: number;
  looked: number;
  stuck: number;
  lost: number;
  fetches: number[];
  fresh: number[];
};

class Schedule {
  private readonly market: TrueMarket;
  private readonly follower: BookFollower;
  private readonly random: Random;
  private readonly verdict: Verdict;
  private readonly pending: Pending[] = [];
  private step = 0;
  private lastId: number;
  private failuresLeft = FAILURES_MAX;
  private fetches = 0;
  private fresh = 0;
  private isCalm = false;

  constructor(venue: Dialect, random: Random, verdict: Verdict, isCareless: boolean) {
    this.random = random;
    this.verdict = verdict;
    this.market = new TrueMarket(random);
    this.lastId = this.market.id;
    this.follower = new BookFollower(venue, { frameSlots: FRAME_SLOTS, isCareless });
  }

  run(): void {
    const frames = 5 + this.random(FRAMES_MAX - 4);
    for (let i = 0; i < frames; i++) this.next(true);
    this.isCalm = true;
    for (let i = 0; i < DELAY_STEPS && this.pending.length > 0; i++) this.next(false);
    for (let i = 0; i < CALM_FRAMES; i++) this.next(false);
    if (this.isLive()) this.noteSync();
    else this.verdict.stuck++;
  }

  private isLive(): boolean {
    return this.follower.market(SYMBOL).book.state === BookState.live;
  }

  private next(mayLose: boolean): void {
    this.step++;
    if (this.random(4) > 0) this.frame(mayLose);
    this.arrive();
    if (this.isLive()) this.noteSync();
    else if (this.pending.length === 0) this.fetch();
  }

  private noteSync(): void {
    if (this.fetches === 0) return;
    this.verdict.fetches.push(this.fetches);
    this.verdict.fresh.push(this.fresh);
    this.fetches = 0;
    this.fresh = 0;
  }

  /** One frame of one to three changes; a few are lost on the way. */
  private frame(mayLose: boolean): void {
    const first = this.market.id + 1;
    const sides: [string[], string[]] = [[], []];
    for (let count = 1 + this.random(3); count > 0; count--) {
      const { isBid, price, quantity } = this.market.change(this.random);
      sides[isBid ? 0 : 1].push(`["${price}","${quantity}"]`);
    }
    const before = this.lastId;
    this.lastId = this.market.id;
    if (mayLose && this.random(25) === 0) {
      this.verdict.lost++;
      return;
    }
    const numbers = `"U":${first},"u":${this.lastId},"pu":${before}`;
    this.take(
      `{"e":"depthUpdate","E":1767225600000,"T":1767225600000,"s":"${SYMBOL}",${numbers},"b":[${sides[0]}],"a":[${sides[1]}]}`,
    );
  }

  /** Answers say what was true when they were made, some an old copy; they come later, some twice, some not at all. */
  private fetch(): void {
    this.fetches++;
    const isFailed = !this.isCalm && this.failuresLeft > 0 && this.random(5) === 0;
    if (isFailed) this.failuresLeft--;
    const made = this.isCalm ? 0 : this.random(6);
    const age = this.isCalm || this.random(3) > 0 ? 0 : this.random(20);
    const delay = this.isCalm ? 1 : this.random(4) === 0 ? this.random(DELAY_STEPS) : this.random(8);
    if (!isFailed && age === 0) this.fresh++;
    const id = Math.max(101, this.market.id - age);
    const text = isFailed ? null : `{"snapshot":{"symbol":"${SYMBOL}","lastUpdateId":${id},${this.market.textAt(id)}}}`;
    this.pending.push({ atStep: this.step + made + delay, text });
    if (!this.isCalm && this.random(6) === 0)
      this.pending.push({ atStep: this.step + made + delay + this.random(10), text });
  }

  private arrive(): void {
    const due = this.pending.filter(({ atStep }) => atStep <= this.step);
    for (const one of due) {
      this.pending.splice(this.pending.indexOf(one), 1);
      if (one.text !== null) this.take(one.text);
    }
  }

  private take(text: string): void {
    this.follower.take(text, CONNECTION);
    const { book } = this.follower.market(SYMBOL);
    if (book.state !== BookState.live) return;
    this.verdict.looked++;
    const list = (levels: readonly (readonly string[])[]): string =>
      levels.map(([price, quantity]) => `["${price}","${quantity}"]`).join(',');
    const shown = `"bids":[${list(levelsOf(book.bids))}],"asks":[${list(levelsOf(book.asks))}]`;
    if (shown !== this.market.textAt(book.venueSequence)) this.verdict.wrong++;
  }
}

/** So many schedules; `isCareless` books look at no number, for the test of this scenario. */
export function runSchedules(venue: Dialect, count: number, seed: number, isCareless = false): Verdict {
  const verdict: Verdict = { wrong: 0, looked: 0, stuck: 0, lost: 0, fetches: [], fresh: [] };
  const random = numbersOf(seed);
  for (let i = 0; i < count; i++) new Schedule(venue, random, verdict, isCareless).run();
  return verdict;
}

export const scenario: Scenario = {
  id: 'T06',
  title: 'Snapshot races',
  async run(size, seed, log) {
    const count = SCHEDULES[size];
    const verdicts = VENUES.map((venue) => runSchedules(venue, count, seed));
    const careless = runSchedules('binance', 300, seed, true);
    log(JSON.stringify(verdicts.map(({ fetches, fresh: _, ...rest }) => ({ ...rest, syncs: fetches.length }))));
    return {
      injected: count * VENUES.length,
      detected: null,
      falseAlarms: null,
      figures: [
        ...verdicts.flatMap(({ wrong, looked, stuck, fetches, fresh }, index) => [
          zeroOf(`${VENUES[index]}: live books that are not the venue's at their number`, wrong, looked),
          zeroOf(`${VENUES[index]}: schedules whose book is not live after the calm`, stuck, count),
          atMost(`${VENUES[index]}: fetches per sync, p99`, percentileOf(fresh, 0.99), FETCHES_MAX, ''),
          told(
            `${VENUES[index]}: the same with those that failed or brought an old copy, most`,
            percentileOf(fetches, 1),
            '',
          ),
        ]),
        told(
          'wrong live books where numbers are not looked at (the check of this check)',
          careless.wrong,
          `of ${careless.looked}`,
        ),
      ],
      accounting: null,
      knownHoles: [],
      notes: [
        `${count} schedules for each of ${VENUES.join(' and ')}: frames of 1 to 3 changes each 100 ms, one in 25 lost; snapshots up to 10 s late, up to 20 changes old, one in six twice, up to ${FAILURES_MAX} failures.`,
        'One fetch in five fails and one in three brings an old copy: these are not counted among the fetches of a sync, since no client could do with fewer.',
      ],
    };
  },
};
