// What a replay makes of a journal's entries beside plain frames: connectors' records, drops, repeats, holes, other ids.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FeedSession } from '../../engine/ingress/feed-session.ts';
import { JournalSource } from '../../engine/ingress/journal-source.ts';
import { ProducerSession } from '../../engine/ingress/producer-session.ts';
import type { Session } from '../../engine/ingress/session.ts';
import type { JournalDamage, JournalEntry } from '../../engine/journal/entry.ts';
import type { JournalItem } from '../../engine/journal/journal-reader.ts';
import { CLOCK_STEP_US } from '../../schemas/config.ts';
import { FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { JournalKind } from '../../schemas/journal.ts';
import { gap, source } from '../../schemas/market-data.ts';
import { IngressRig, RIG_MARKETS_MAX, RIG_WALL_US, recordFacts } from '../support/ingress-rig.ts';
import { MemoryFolder } from '../support/memory-folder.ts';
import { MemoryJournal } from '../support/memory-journal.ts';

const STEP_NS = CLOCK_STEP_US * 1000;
const { trade, gap: gapType, source: sourceType, backfill: backfillType, clock: clockType } = RecordType;
/** The replay's engine time begins this much earlier than that of the journal. */
const EARLIER_US = 5_000_000;
const nothing = (): void => undefined;

const tradesText = (symbols: readonly string[]): string =>
  `[${symbols.map((symbol) => `{"type":"trade","exchange":"x","symbol":"${symbol}","timestamp":1767225600000,"price":1,"amount":1}`)}]`;
const trades = (...symbols: string[]): Buffer => Buffer.from(tradesText(symbols));

class Live {
  readonly journal = new MemoryJournal(RIG_WALL_US + EARLIER_US);
  readonly rig: IngressRig;
  private atNs = STEP_NS;

  constructor(options: ConstructorParameters<typeof IngressRig>[0] = {}) {
    this.rig = new IngressRig({ ...options, journal: this.journal });
  }

  send(session: Session, ...symbols: string[]): number {
    this.atNs += 1000;
    return this.rig.take(session, trades(...symbols), this.atNs);
  }

  feed(): FeedSession {
    const { writer, markets, connections } = this.rig;
    const facts = { dialect: 'json', source: 'feed', producer: null, address: null } as const;
    const number = connections.number(facts);
    const { feedMarkets } = connections;
    const feed = new FeedSession('json', number, DECODERS.json, writer, markets, feedMarkets, nothing, nothing);
    connections.adopt(number, facts, feed.session);
    return feed;
  }

  get items(): JournalItem[] {
    return this.journal.entries.map((entry) => ({ kind: 'entry', entry }));
  }
}

type Replayed = { readonly rig: IngressRig; readonly source: JournalSource };

/** Replays items; `before` names markets of another file ahead of them, so that ids differ. */
function replayed(
  items: readonly JournalItem[],
  before: readonly string[] = [],
  told: readonly string[] = [],
): Replayed {
  const rig = new IngressRig({ policy: 'block-without-limit' });
  if (before.length > 0) rig.take(rig.session('json'), trades(...before), STEP_NS);
  const journal = { path: 'journal', folder: new MemoryFolder(), marketNames: told };
  const journalSource = new JournalSource(journal, rig.memory, rig.parts);
  for (const item of items) journalSource.take(item);
  rig.writer.commit();
  return { rig, source: journalSource };
}

/** Type and market name of each record that is no clock; reasons of gaps. */
function factsOf({ rig }: Replayed, names: readonly string[]): unknown[][] {
  return rig.records[0]
    .map(recordFacts)
    .filter(({ type }) => type !== clockType)
    .map(({ type, market, flags }) => (type === gapType ? [type, names[market], flags] : [type, names[market]]));
}

test("records of connectors keep their markets and connections where a replay's ids are others", () => {
  const live = new Live();
  const [one, other] = [live.feed(), live.feed()];
  one.take(trades('A', 'B'));
  other.take(trades('B'));
  one.lose(0, StateReason.connectionLost, 7);
  other.backfill(1, 0, 1, 2, Number.NaN);
  one.take(trades('B'));
  live.rig.writer.commit();
  const alone = replayed(live.items);
  const expected = [
    ...[
      [sourceType, 'A'],
      [trade, 'A'],
      [sourceType, 'B'],
      [trade, 'B'],
    ],
    ...[
      [sourceType, 'B'],
      [trade, 'B'],
    ],
    [gapType, 'A', StateReason.connectionLost],
    [backfillType, 'B'],
    ...[
      [sourceType, 'B'],
      [trade, 'B'],
    ],
  ];
  assert.deepEqual(factsOf(alone, ['A', 'B']), expected);
  const mixed = replayed(live.items, ['B', 'C']);
  assert.deepEqual(factsOf(mixed, ['B', 'C', 'A']).slice(2), expected);
  const sources = mixed.rig.records[0].filter((record) => recordFacts(record).type === sourceType);
  const numbers = sources.map((record) => Buffer.from(record, 'latin1').readDoubleLE(8 * source.at.connection));
  assert.deepEqual(
    numbers.map((number) => number - numbers[0]),
    [0, 0, 1, 0],
    'numbers of the replay, as far apart',
  );
});

test("times of connectors' records are moved to the engine time of the replay", () => {
  const live = new Live();
  const feed = live.feed();
  feed.take(trades('A'));
  feed.lose(0, StateReason.connectionLost, 7);
  live.rig.writer.commit();
  const timeOf = (rig: IngressRig): number => {
    const found = rig.records[0].filter((record) => recordFacts(record).type === gapType);
    return Buffer.from(found[0] ?? '', 'latin1').readDoubleLE(8 * gap.at.receiveTimeNs);
  };
  assert.equal(timeOf(replayed(live.items).rig), timeOf(live.rig) + EARLIER_US * 1000);
});

test('a frame that found no room is applied, and no gap stands for it', () => {
  const live = new Live({ inputSlots: 16, isStill: true });
  const session = live.rig.session('json');
  live.send(session, 'A', 'B', 'A', 'B');
  assert.equal(live.send(session, ...new Array<string>(9).fill('B'), 'D'), FrameResult.dropped);
  live.rig.writer.commit();
  const result = replayed(live.items);
  assert.deepEqual(
    factsOf(result, ['A', 'B', 'D']),
    ['A', 'B', 'A', 'B', ...new Array<string>(9).fill('B'), 'D'].map((name) => [trade, name]),
  );
  assert.deepEqual([result.source.report().frames, result.source.report().dropped], [2, 1]);
});

test('messages of a named producer that came again are left out, and stay out of what follows', () => {
  const live = new Live();
  const { writer, markets, connections } = live.rig;
  const facts = { dialect: 'json', source: 'pushed', producer: 'p', address: null } as const;
  const producer = connections.begin(
    facts,
    () => new ProducerSession('p', 'json', DECODERS.json, writer, markets, RIG_MARKETS_MAX),
  );
  const send = (seq: number, symbol: string, atNs: number): number =>
    live.rig.take(producer, Buffer.from(`{"seq":${seq},"messages":${tradesText([symbol])}}`), atNs);
  for (const [at, [seq, symbol]] of (
    [
      [1, 'A'],
      [2, 'B'],
      [2, 'C'],
      [1, 'C'],
      [5, 'D'],
      [3, 'A'],
    ] as const
  ).entries())
    send(seq, symbol, STEP_NS + at);
  writer.commit();
  const result = replayed(live.items);
  assert.deepEqual(factsOf(result, ['A', 'B']), [
    [trade, 'A'],
    [trade, 'B'],
    [trade, 'A'],
  ]);
  const { frames, repeated } = result.source.report();
  assert.deepEqual([frames, repeated], [6, 2]);
});

test('a hole doubts every market of its journal and none of another file', () => {
  const live = new Live();
  const session = live.rig.session('json');
  live.send(session, 'A', 'B');
  live.send(session, 'A');
  live.send(session, 'B');
  live.rig.writer.commit();
  const items = live.items;
  const last = live.journal.entries.length;
  items[last - 2] = {
    kind: 'missing',
    damage: {
      ...{ kind: 'bad-checksum', file: 'journal-00000001.mrj', offsetBytes: 64, bytes: 100 },
      ...{ afterSequence: last - 2, beforeSequence: last },
    },
  };
  const result = replayed(items, ['C', 'B']);
  assert.deepEqual(factsOf(result, ['C', 'B', 'A']).slice(2), [
    ...[
      [trade, 'A'],
      [trade, 'B'],
    ],
    ...[
      [gapType, 'A', StateReason.journalHole],
      [gapType, 'B', StateReason.journalHole],
    ],
    [trade, 'B'],
  ]);
  const { missing, damages } = result.source.report();
  assert.equal(missing, 1);
  assert.deepEqual(damages, [
    `entries ${last - 1} to ${last - 1} are missing (bad-checksum in journal-00000001.mrj at 64, 100 bytes)`,
  ]);
});

test('a torn end is told, and what was whole before it is trusted', () => {
  const live = new Live();
  live.send(live.rig.session('json'), 'A');
  live.rig.writer.commit();
  const damage: JournalDamage = {
    kind: 'torn-tail',
    ...{ file: 'journal-00000001.mrj', offsetBytes: 64, bytes: 9 },
    ...{ afterSequence: live.journal.entries.length, beforeSequence: null },
  };
  const result = replayed([...live.items, { kind: 'missing', damage }]);
  assert.deepEqual(factsOf(result, ['A']), [[trade, 'A']]);
  assert.match(result.source.report().damages[0], /from 4 on are missing or unfinished \(torn-tail/);
});

test('behind a hole a record of a market whose id is not sure is left out, unless a checkpoint tells it', () => {
  const live = new Live();
  const feed = live.feed();
  feed.take(trades('A'));
  feed.take(trades('B'));
  feed.take(trades('C'));
  feed.lose(2, StateReason.connectionLost, 7);
  live.rig.writer.commit();
  const second = live.journal.entries.filter(({ kind }) => kind === JournalKind.frame)[1].sequence;
  const cut = live.items.map((item): JournalItem => {
    if (item.kind !== 'entry' || item.entry.sequence !== second) return item;
    const place = { kind: 'bad-checksum', file: 'f', offsetBytes: 0, bytes: 0 } as const;
    return { kind: 'missing', damage: { ...place, afterSequence: second - 1, beforeSequence: second + 1 } };
  });
  const lost = ({ rig }: Replayed): number[] =>
    rig.records[0]
      .map(recordFacts)
      .filter(({ type, flags }) => type === gapType && flags === StateReason.connectionLost)
      .map(({ market }) => market);
  const blind = replayed(cut);
  assert.deepEqual([lost(blind), blind.source.report().unplaced], [[], 1]);
  const told = replayed(cut, [], ['x:A', 'x:B', 'x:C']);
  assert.deepEqual([lost(told), told.source.report().unplaced], [[1], 0], 'C is the second market of this replay');
});

test('where another engine begins, markets of open connections are doubted and those of named producers are not', () => {
  const live = new Live();
  const [open, closed] = [live.rig.session('json'), live.rig.session('json')];
  live.send(open, 'A');
  live.send(closed, 'B');
  live.rig.connections.end(closed.connection);
  live.journal.start(Buffer.from('{}'), 2 * STEP_NS);
  const result = replayed(live.items);
  assert.deepEqual(factsOf(result, ['A', 'B']), [
    [trade, 'A'],
    [trade, 'B'],
    [gapType, 'A', StateReason.restart],
  ]);
  assert.equal(result.source.report().starts, 1);
});

test('clock records follow the times of frames, and those of the journal are left out', () => {
  const live = new Live();
  const session = live.rig.session('json');
  live.rig.take(session, trades('A'), STEP_NS);
  for (let step = 2; step < 8; step++) live.rig.writer.tick(step * STEP_NS);
  live.rig.take(session, trades('A'), 8.5 * STEP_NS);
  live.rig.writer.commit();
  const { rig } = replayed(live.items);
  const types = rig.records[0].map((record) => recordFacts(record).type);
  assert.deepEqual(types, [clockType, trade, clockType, trade]);
  const clocks = live.journal.entries.filter(({ kind }: JournalEntry) => kind === JournalKind.clock);
  assert.ok(clocks.length > 6);
});
