// Owns the property that a gap stands wherever frames were lost, at the same place live and in a replay of the journal.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FeedSession } from '../../engine/ingress/feed-session.ts';
import { makeIngressImage } from '../../engine/ingress/ingress-image.ts';
import { JournalReplay } from '../../engine/ingress/journal-replay.ts';
import { rebuildMemory } from '../../engine/ingress/rebuild-memory.ts';
import type { Session } from '../../engine/ingress/session.ts';
import type { IngressImage } from '../../engine/journal/checkpoint.ts';
import { createRing } from '../../engine/ring/spsc-ring.ts';
import { CLOCK_STEP_US, INPUT_RING_SLOTS } from '../../schemas/config.ts';
import { MARKET_COUNTER_COLUMNS, marketCounter } from '../../schemas/counters.ts';
import { FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { gap } from '../../schemas/market-data.ts';
import { IngressRig, RIG_WALL_US, recordFacts } from '../support/ingress-rig.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import '../support/seed.ts';

const STEP_NS = CLOCK_STEP_US * 1000;
const MARKETS = ['A', 'B', 'C', 'D', 'E'];
const SHARDS = 2;

type Act =
  | { readonly op: 'send'; readonly from: number; readonly symbols: readonly string[] }
  | { readonly op: 'reopen'; readonly from: number }
  | { readonly op: 'feed'; readonly symbols: readonly string[] }
  | { readonly op: 'lose'; readonly market: number }
  | { readonly op: 'drain' | 'tick' | 'checkpoint' | 'commit' };

const symbols = fc.array(fc.constantFrom(...MARKETS), { minLength: 1, maxLength: 9 });
const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ op: fc.constant('send' as const), from: fc.nat(1), symbols }) },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('feed' as const), symbols }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('lose' as const), market: fc.nat(MARKETS.length - 1) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('reopen' as const), from: fc.nat(1) }) },
    { weight: 5, arbitrary: fc.record({ op: fc.constantFrom('drain', 'tick', 'checkpoint', 'commit') }) },
  ) as fc.Arbitrary<Act>,
  { minLength: 5, maxLength: 80 },
);

const tradesOf = (names: readonly string[]): Buffer =>
  Buffer.from(
    `[${names.map((symbol) => `{"type":"trade","exchange":"x","symbol":"${symbol}","timestamp":1767225600000,"price":1,"amount":1}`)}]`,
  );

/** Ingress with rings that are emptied now and then; of each market, what went in and what was lost, as `RRLLR`. */
class Live {
  readonly journal = new MemoryJournal(RIG_WALL_US);
  readonly rig: IngressRig;
  readonly told = MARKETS.map(() => '');
  /** Each with its checkpoint's number, and what had been told. */
  readonly images: { readonly image: IngressImage; readonly number: number; readonly told: readonly string[] }[] = [];
  private readonly sessions: Session[];
  private readonly feed: FeedSession;
  private atNs = STEP_NS;

  constructor(inputSlots: number) {
    const { journal } = this;
    this.rig = new IngressRig({ journal, shards: SHARDS, inputSlots, isStill: true });
    const { writer, markets, connections } = this.rig;
    this.sessions = [this.rig.session('json'), this.rig.session('json')];
    const facts = { dialect: 'json', source: 'feed', producer: null, address: null } as const;
    const number = connections.number(facts);
    const nothing = (): void => undefined;
    const { feedMarkets } = connections;
    this.feed = new FeedSession('json', number, DECODERS.json, writer, markets, feedMarkets, nothing, nothing);
    connections.adopt(number, facts, this.feed.session);
    for (const name of MARKETS) this.note([name], () => this.rig.take(this.sessions[0], tradesOf([name]), this.atNs));
  }

  act(act: Act): void {
    this.atNs += STEP_NS / 7;
    const { writer } = this.rig;
    if (act.op === 'send')
      this.note(act.symbols, () => this.rig.take(this.sessions[act.from], tradesOf(act.symbols), this.atNs));
    else if (act.op === 'feed') this.note(act.symbols, () => this.feed.take(tradesOf(act.symbols)));
    else if (act.op === 'lose')
      this.note([], () => {
        this.feed.lose(act.market, StateReason.connectionLost, 0);
        return 0;
      });
    else if (act.op === 'reopen') this.reopen(act.from);
    else if (act.op === 'tick') writer.tick(this.atNs);
    else if (act.op === 'checkpoint') this.checkpoint();
    else writer.commit();
    if (act.op === 'drain') this.rig.drain();
  }

  private note(names: readonly string[], take: () => number): void {
    const counters = new Float64Array(this.rig.memory.marketCounters);
    const dropped = (market: number): number => counters[market * MARKET_COUNTER_COLUMNS + marketCounter.dropped];
    const before = MARKETS.map((_, market) => dropped(market));
    if (take() === FrameResult.applied) for (const name of names) this.told[MARKETS.indexOf(name)] += 'R';
    for (const market of MARKETS.keys()) this.told[market] += 'L'.repeat(dropped(market) - before[market]);
  }

  private reopen(from: number): void {
    this.rig.connections.end(this.sessions[from].connection);
    this.sessions[from] = this.rig.session('json');
  }

  private checkpoint(): void {
    const number = this.images.length + 1;
    const sequence = this.rig.writer.checkpoint(number);
    if (sequence === 0) return;
    const image = makeIngressImage(sequence, this.rig.memory, this.rig.parts);
    this.images.push({ image, number, told: this.told.slice() });
  }

  end(): void {
    this.rig.writer.commit();
    this.rig.drain();
    while (!this.rig.writer.payAll('drop')) this.rig.drain();
    this.rig.writer.commit();
    this.rig.drain();
  }
}

const isCheckpoint = (record: string): boolean => recordFacts(record).type === RecordType.checkpoint;
const withoutCheckpoints = (records: readonly (readonly string[])[]): string[][] =>
  records.map((list) => list.filter((record) => !isCheckpoint(record)));

/** Of each market, its trades and its gaps for drops in the rings, as Live.told. */
function inRings(records: readonly (readonly string[])[]): string[] {
  const told = MARKETS.map(() => '');
  for (const record of records.flat()) {
    const { type, market, flags } = recordFacts(record);
    if (type === RecordType.trade) told[market] += 'R';
    if (type === RecordType.gap && flags === StateReason.drop)
      told[market] += 'L'.repeat(Buffer.from(record, 'latin1').readDoubleLE(8 * gap.at.lost));
  }
  return told;
}

function replayed(journal: MemoryJournal, image: IngressImage | null, rig: IngressRig): IngressRig {
  const replay = new JournalReplay(rig.parts, { image, anchorWallUs: RIG_WALL_US });
  for (const entry of journal.entries) {
    if (entry.sequence <= (image?.sequence ?? 0)) continue;
    replay.take(entry);
    rig.writer.commit();
  }
  replay.end();
  return rig;
}

test('gaps stand where frames were lost, and a replay makes the same records', () => {
  fc.assert(
    fc.property(fc.constantFrom(16, 32), acts, (inputSlots, list) => {
      const live = new Live(inputSlots);
      for (const act of list) live.act(act);
      live.end();
      const { journal, rig } = live;
      assert.deepEqual(inRings(rig.records), live.told);
      const wanted = withoutCheckpoints(rig.records);
      const whole = new IngressRig({ shards: SHARDS, policy: 'block-without-limit' });
      assert.deepEqual(replayed(journal, null, whole).records, wanted);
      for (const { image, number } of live.images) {
        const behind = new IngressRig({ shards: SHARDS, policy: 'block-without-limit' });
        const rest = rig.records.map((records) => {
          const at = records.filter(isCheckpoint)[number - 1];
          return records.slice(records.indexOf(at) + 1);
        });
        assert.deepEqual(replayed(journal, image, behind).records, withoutCheckpoints(rest));
      }
      const memory = rebuildMemory(rig.memory, 1, createRing(INPUT_RING_SLOTS));
      const one = replayed(journal, null, new IngressRig({ memory, onlyShard: 1, policy: 'block-without-limit' }));
      assert.deepEqual(one.records, [[], wanted[1]]);
    }),
    { numRuns: 200 },
  );
});

test('a journal that ends while gaps are owed has them when the next engine begins', () => {
  fc.assert(
    fc.property(acts, (list) => {
      const live = new Live(16);
      for (const act of list) live.act(act);
      const { entries } = live.journal;
      const nothing = { image: null, told: MARKETS.map(() => '') };
      for (const { image, told } of [nothing, ...live.images.slice(-1)]) {
        const rig = new IngressRig({ shards: SHARDS, policy: 'block-without-limit' });
        const replay = new JournalReplay(rig.parts, { image, anchorWallUs: RIG_WALL_US });
        for (const entry of entries.slice(image?.sequence ?? 0)) replay.take(entry);
        replay.beginAnew(entries[entries.length - 1].receiveTimeNs);
        replay.end();
        const wanted = live.told.map((all, market) => all.slice(told[market].length));
        assert.deepEqual(inRings(rig.records), wanted);
      }
    }),
    { numRuns: 100 },
  );
});
