// T01: one message removed at random places, for every venue: noticed at the next message of its counter, marked before
// anything else of the book is shown, and healed by the venue's own recipe.

import type { Dialect } from '../../schemas/ids.ts';
import { alarmsOf, evidenceOf } from '../support/mutations.ts';
import { numbersOf } from '../support/recordings.ts';
import { type Figure, type Scenario, told, zeroOf } from './scenario.ts';
import { VENUES, VenueClient, type VenueFrame } from './venue-session.ts';

const GAPS = { tiny: 25, small: 1_000, full: 10_000 } as const;
const CLEAN = { tiny: 300, small: 10_000, full: 100_000 } as const;
const MARKETS = 4;
const LEVELS = 20;
const STEP_MS = 20;
const SYNC_STEPS = 5_000;
/** Events between two losses: one to this many. */
const SPREAD = 12;
/** Books that come whole each 5 s of the venue's time need many steps for each push. */
const SLOW: Readonly<Partial<Record<Dialect, number>>> = { hyperliquid: 10 };

type Tally = {
  removed: number;
  noticed: number;
  harmless: number;
  undetected: number;
  later: number;
  unhealed: number;
  untrue: number;
};

class GapRun {
  readonly tally: Tally = { removed: 0, noticed: 0, harmless: 0, undetected: 0, later: 0, unhealed: 0, untrue: 0 };
  private readonly client: VenueClient;
  private readonly hasCounter: boolean;
  private readonly isWhole: boolean;
  private readonly random: (limit: number) => number;

  constructor(venue: Dialect, seed: number) {
    this.client = new VenueClient(venue, { markets: MARKETS, seed, levels: LEVELS });
    this.isWhole = this.client.connector.bookSource === 'whole';
    this.hasCounter =
      evidenceOf(venue).some((evidence) => evidence === 'number' || evidence === 'connection') && !this.isWhole;
    this.random = numbersOf(seed + VENUES.indexOf(venue));
  }

  /** A run without any fault: alarms that it raises are false. Returns the frames taken. */
  clean(frames: number): { frames: number; alarms: number } {
    this.begin();
    let taken = 0;
    while (taken < frames) {
      this.client.venue.step(STEP_MS);
      for (const frame of this.client.received()) {
        this.client.take(frame);
        taken++;
      }
    }
    return { frames: taken, alarms: alarmsOf(this.client.follower) };
  }

  run(gaps: number): Tally {
    this.begin();
    while (this.tally.removed < gaps) {
      for (let step = this.random(SPREAD); step >= 0; step--) this.next();
      this.tryGap();
    }
    return this.tally;
  }

  private begin(): void {
    if (!this.client.syncAll(SYNC_STEPS, STEP_MS)) throw new Error('expected all books live before any fault');
  }

  private next(): void {
    this.client.venue.step(STEP_MS);
    this.client.takeAll();
  }

  /** Frames up to and including the first of some book; null where none came in time. */
  private untilBook(): VenueFrame | null {
    for (let step = 0; step < SYNC_STEPS; step++) {
      this.client.venue.step(STEP_MS);
      for (const frame of this.client.received()) {
        if (frame.channel === 'book') return frame;
        this.client.take(frame);
      }
    }
    return null;
  }

  private tryGap(): void {
    const lost = this.untilBook();
    if (lost === null) throw new Error('expected a frame to lose');
    this.tally.removed++;
    const inside = isInside(lost, this.client.market(lost.symbol).book.venueSequence);
    this.judge(lost, inside);
  }

  /** Takes what follows until the next message of the lost one's counter, which must show the loss. */
  private judge(lost: VenueFrame, isInsideSnapshot: boolean): void {
    const { client, tally } = this;
    for (let step = 0; step < SYNC_STEPS; step++) {
      client.venue.step(STEP_MS);
      for (const frame of client.received()) {
        const isNext = this.isOfCounter(frame, lost);
        client.take(frame);
        if (!isNext) continue;
        client.takeAll();
        this.score(lost.symbol, isInsideSnapshot);
        this.heal(lost.symbol);
        return;
      }
    }
    tally.later++;
  }

  private isOfCounter(frame: VenueFrame, lost: VenueFrame): boolean {
    if (frame.connection !== lost.connection) return false;
    return this.client.isPerConnection ? true : frame.channel === 'book' && frame.symbol === lost.symbol;
  }

  /** What has been shown since, if anything, was marked with the same message: a checksum is looked at behind its change. */
  private score(symbol: string, isInsideSnapshot: boolean): void {
    const { client, tally } = this;
    if (!client.isLive(symbol)) tally.noticed++;
    else if ((isInsideSnapshot || !this.hasCounter) && this.isMadeGood(symbol, isInsideSnapshot)) tally.harmless++;
    else tally.undetected++;
  }

  /** Venues that push by cadence have moved on since: the book shown is one that they had. */
  private isMadeGood(symbol: string, isInsideSnapshot: boolean): boolean {
    return this.isWhole || isInsideSnapshot ? this.client.isTrue(symbol) : this.client.isLatest(symbol);
  }

  private heal(symbol: string): void {
    const { client, tally } = this;
    if (!client.isLive(symbol)) client.resync(symbol);
    if (!client.syncAll(SYNC_STEPS, STEP_MS)) tally.unhealed++;
    client.takeAll();
    for (const one of client.symbols) if (client.isLive(one) && !client.isTrue(one)) tally.untrue++;
  }
}

/** Binance: a frame that ends inside the snapshot held is needed by no book. */
function isInside({ text }: VenueFrame, venueSequence: number): boolean {
  const last = /"u":(\d+)/.exec(text);
  return last !== null && Number(last[1]) <= venueSequence;
}

export const scenario: Scenario = {
  id: 'T01',
  title: 'Gaps',
  async run(size, seed, log) {
    const figures: Figure[] = [];
    const sum: Tally = { removed: 0, noticed: 0, harmless: 0, undetected: 0, later: 0, unhealed: 0, untrue: 0 };
    let clean = 0;
    let alarms = 0;
    for (const venue of VENUES) {
      const quiet = new GapRun(venue, seed).clean(Math.ceil(CLEAN[size] / (SLOW[venue] ?? 1)));
      const tally = new GapRun(venue, seed + 1).run(Math.ceil(GAPS[size] / (SLOW[venue] ?? 1)));
      log(`${venue} ${JSON.stringify({ ...quiet, ...tally })}`);
      clean += quiet.frames;
      alarms += quiet.alarms;
      for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += tally[name];
      figures.push(
        zeroOf(`${venue}: losses not noticed at the next message`, tally.undetected + tally.later, tally.removed),
      );
      if (tally.harmless > 0)
        figures.push(
          told(
            `${venue}: losses without effect (inside the snapshot, or made good by the next)`,
            tally.harmless,
            `of ${tally.removed}`,
          ),
        );
    }
    figures.push(zeroOf('false alarms in clean runs', alarms, clean));
    figures.push(zeroOf('books not healed by one resync and what follows', sum.unhealed, sum.removed));
    figures.push(zeroOf('live books that the venue never had, after recovery', sum.untrue, sum.removed * MARKETS));
    return {
      injected: sum.removed,
      detected: sum.noticed,
      falseAlarms: alarms,
      figures,
      accounting: null,
      knownHoles: [
        'Hyperliquid has no counter: a lost push shows in nothing; each push is a whole book, so the next makes it good.',
        'Kraken has a checksum over ten levels and no counter: the books here are subscribed at depth 10, where it covers all.',
      ],
      notes: [
        `${VENUES.length} venues, ${MARKETS} markets of about ${LEVELS} levels a side each; a tenth of the size for Hyperliquid, whose books come each 5 s.`,
        'In one thread: decoders, sequence rules and books of the engine, the venue’s own simulator and connector’s recipe.',
      ],
    };
  },
};
