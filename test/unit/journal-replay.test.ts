// What a journal replay does beside frames: holes, poisons, drops, clocks that a shard missed, and an engine that ended.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FeedSession } from '../../engine/ingress/feed-session.ts';
import { makeIngressImage } from '../../engine/ingress/ingress-image.ts';
import { JournalReplay, type JournalReplayOptions } from '../../engine/ingress/journal-replay.ts';
import type { Session } from '../../engine/ingress/session.ts';
import { CLOCK_STEP_US } from '../../schemas/config.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import { CLOCKS_DIFFER_MS } from '../../schemas/feed-limits.ts';
import { FrameResult, RecordType, StateReason } from '../../schemas/ids.ts';
import { JournalFlag, JournalKind } from '../../schemas/journal.ts';
import { gap } from '../../schemas/market-data.ts';
import { IngressRig, RIG_WALL_US, recordFacts } from '../support/ingress-rig.ts';
import { MemoryJournal } from '../support/memory-journal.ts';

const STEP_NS = CLOCK_STEP_US * 1000;
const TOO_LARGE = ingressCounter['too-large'];
const { trade, gap: gapType } = RecordType;

const trades = (...symbols: string[]): Buffer =>
  Buffer.from(
    `[${symbols.map((symbol) => `{"type":"trade","exchange":"x","symbol":"${symbol}","timestamp":1767225600000,"price":1,"amount":1}`)}]`,
  );

type Live = { journal: MemoryJournal; rig: IngressRig; send: (session: Session, ...symbols: string[]) => number };

function live(options: ConstructorParameters<typeof IngressRig>[0] = {}): Live {
  const journal = new MemoryJournal(RIG_WALL_US);
  const rig = new IngressRig({ ...options, journal });
  let atNs = STEP_NS;
  const send = (session: Session, ...symbols: string[]): number => {
    atNs += 1000;
    return rig.take(session, trades(...symbols), atNs);
  };
  return { journal, rig, send };
}

type Around = {
  readonly before?: (replay: JournalReplay, sequence: number) => void;
  readonly end?: (replay: JournalReplay) => void;
};

function replayed(
  journal: MemoryJournal,
  options: Partial<JournalReplayOptions> = {},
  around: Around = {},
): IngressRig {
  const rig = new IngressRig({ policy: 'block-without-limit' });
  const replay = new JournalReplay(rig.parts, { image: null, anchorWallUs: RIG_WALL_US, ...options });
  for (const entry of journal.entries) {
    around.before?.(replay, entry.sequence);
    replay.take(entry);
  }
  around.end?.(replay);
  replay.end();
  return rig;
}

const factsOf = (records: readonly string[]): number[][] =>
  records
    .map(recordFacts)
    .filter(({ type }) => type !== RecordType.clock)
    .map(({ type, market, flags }) => (type === gapType ? [type, market, flags] : [type, market]));

test('records of a poisoned market are left out of the entry, and a gap stands for them', () => {
  const { journal, rig, send } = live();
  const session = rig.session('json');
  send(session, 'A', 'B');
  send(session, 'A', 'B', 'A', 'C', 'A');
  send(session, 'B', 'A');
  rig.writer.commit();
  const poisons = [
    { sequence: journal.entries.filter(({ kind }) => kind === JournalKind.frame)[1].sequence, market: 0 },
  ];
  const { records } = replayed(journal, { poisons });
  assert.deepEqual(factsOf(records[0]), [
    ...[
      [trade, 0],
      [trade, 1],
    ],
    ...[
      [trade, 1],
      [trade, 2],
      [gapType, 0, StateReason.poison],
    ],
    ...[
      [trade, 1],
      [trade, 0],
    ],
  ]);
});

test('a dropped frame is a gap of all markets of its connection, at its place', () => {
  const { journal, rig, send } = live({ inputSlots: 16, isStill: true });
  const [one, other] = [rig.session('json'), rig.session('json')];
  send(other, 'C');
  send(one, 'A', 'B', 'A', 'B');
  assert.equal(send(one, ...new Array<string>(9).fill('B'), 'D'), FrameResult.dropped);
  rig.drain();
  send(other, 'C');
  rig.writer.commit();
  const frames = journal.entries.filter(({ kind }) => kind === JournalKind.frame);
  assert.deepEqual(
    frames.map(({ flags }) => flags),
    [0, 0, JournalFlag.dropped, 0],
  );
  const drops = [1, 2, 3].map((market) => [gapType, market, StateReason.drop]);
  const { records } = replayed(journal);
  assert.deepEqual(
    factsOf(records[0])
      .filter(([type]) => type === gapType)
      .sort(),
    drops,
  );
  assert.deepEqual(
    factsOf(records[0])
      .filter(([type]) => type === trade)
      .map(([, market]) => market),
    [0, 1, 2, 1, 2, 0],
  );
});

test('a frame that is refused while gaps are owed does not bring them forward', () => {
  const { journal, rig, send } = live({ inputSlots: 16, isStill: true });
  const session = rig.session('json');
  send(session, ...new Array<string>(10).fill('A'));
  assert.equal(send(session, ...new Array<string>(5).fill('B')), FrameResult.dropped);
  const bad = Buffer.from(trades('A', 'B').toString().replace('"amount":1}]', '"amount":"x"}]'));
  assert.ok(rig.take(session, bad, STEP_NS + 1e6) < 0);
  rig.writer.tick(2 * STEP_NS);
  rig.drain();
  send(session, 'A');
  rig.writer.commit();
  rig.drain();
  const { records } = replayed(journal);
  assert.deepEqual(records, rig.records);
});

test('clock records of hours without a frame leave the room that a frame needs', () => {
  const { journal, rig, send } = live();
  const session = rig.session('json');
  for (let step = 1; step <= 14; step++) rig.writer.tick((step + 10) * STEP_NS);
  send(session, 'A', 'B', 'A');
  rig.writer.commit();
  const replay = new IngressRig({ inputSlots: 16, policy: 'drop' });
  const applied = new JournalReplay(replay.parts, { image: null, anchorWallUs: RIG_WALL_US });
  for (const entry of journal.entries) applied.take(entry);
  applied.end();
  assert.deepEqual(replay.records, rig.records);
});

test('a frame over the cap of its dialect takes no room in the journal, and is passed over again', () => {
  const { journal, rig, send } = live();
  const session = rig.session('json');
  send(session, 'A');
  assert.equal(rig.take(session, Buffer.alloc(session.bytesMax + 1), 2 * STEP_NS), FrameResult.tooLarge);
  send(session, 'A');
  rig.writer.commit();
  const frames = journal.entries.filter(({ kind }) => kind === JournalKind.frame);
  assert.deepEqual(
    frames.map(({ result, payload }) => [result, payload.length > 0]),
    [
      [FrameResult.applied, true],
      [FrameResult.tooLarge, false],
      [FrameResult.applied, true],
    ],
  );
  const copy = replayed(journal);
  assert.deepEqual(copy.records, rig.records);
  assert.deepEqual(copy.writer.counters[TOO_LARGE], rig.writer.counters[TOO_LARGE]);
});

test('a gap that is owed when the engine ends comes when the next begins, also where the connection had closed', () => {
  const { journal, rig, send } = live({ inputSlots: 16, isStill: true });
  const session = rig.session('json');
  send(session, 'A', 'A', 'A', 'A');
  assert.equal(send(session, ...new Array<string>(10).fill('B')), FrameResult.dropped);
  rig.connections.end(session.connection);
  rig.writer.commit();
  const { records } = replayed(journal, {}, { end: (replay) => replay.beginAnew(5 * STEP_NS) });
  const drops = [0, 1].map((market) => [gapType, market, StateReason.drop]);
  assert.deepEqual(factsOf(records[0]), [...new Array<number[]>(4).fill([trade, 0]), ...drops]);
});

test('behind a hole every market is doubted, and frames of connections that began in it are taken', () => {
  const { journal, rig, send } = live();
  const session = rig.session('json');
  send(session, 'A', 'B');
  const late = rig.session('json');
  send(late, 'A');
  rig.writer.commit();
  const entries = journal.entries.filter(
    ({ kind, connection }) => kind !== JournalKind.open || connection === session.connection,
  );
  const opening = journal.entries.find(
    ({ kind, connection }) => kind === JournalKind.open && connection === late.connection,
  );
  assert.ok(opening !== undefined);
  const cut = Object.assign(new MemoryJournal(RIG_WALL_US), { entries });
  const { records } = replayed(
    cut,
    {},
    {
      before: (replay, sequence) => {
        if (sequence === opening.sequence + 1) replay.hole(opening.sequence);
      },
    },
  );
  const doubts = [0, 1].map((market) => [gapType, market, StateReason.journalHole]);
  assert.deepEqual(factsOf(records[0]), [[trade, 0], [trade, 1], ...doubts, [trade, 0]]);
});

test('what an engine that ended had open is doubted from its last frame on, and what was on its way then, and closed', () => {
  const { journal, rig, send } = live();
  const [open, closed] = [rig.session('json'), rig.session('json')];
  send(open, 'A');
  send(closed, 'B');
  rig.connections.end(closed.connection);
  rig.writer.commit();
  const sinceUs = RIG_WALL_US + Math.round(open.lastFrameNs / 1000) - CLOCKS_DIFFER_MS * 1000;
  const next = replayed(journal, {}, { end: (replay) => replay.beginAnew(5 * STEP_NS) });
  const [, , doubt, ...others] = next.records[0].filter((record) => recordFacts(record).type !== RecordType.clock);
  assert.deepEqual(recordFacts(doubt), { type: gapType, market: 0, flags: StateReason.restart });
  assert.deepEqual(others, []);
  const bytes = Buffer.from(doubt, 'latin1');
  assert.equal(bytes.readDoubleLE(8 * gap.at.sinceTimeUs), sinceUs);
  assert.equal(bytes.readDoubleLE(8 * gap.at.receiveTimeNs), 5 * STEP_NS);
  assert.equal(next.connections.open.size, 0);
  assert.equal(next.connections.next, rig.connections.next, 'numbers go on');
});

test('a clock that one shard had no room for goes to the others again, and to them alone', () => {
  const { journal, rig, send } = live({ shards: 2, inputSlots: 8, isStill: true });
  const session = rig.session('json');
  for (let i = 0; i < 8; i++) send(session, 'A');
  rig.writer.tick(3 * STEP_NS);
  rig.writer.commit();
  rig.drain();
  const clocks = (records: readonly string[]): number =>
    records.filter((record) => recordFacts(record).type === RecordType.clock).length;
  assert.deepEqual(rig.records.map(clocks), [1, 2]);
  const next = new IngressRig({ shards: 2, policy: 'block-without-limit' });
  const replay = new JournalReplay(next.parts, { image: null, anchorWallUs: RIG_WALL_US });
  for (const entry of journal.entries) replay.take(entry);
  replay.end();
  assert.deepEqual(next.records.map(clocks), [1, 2]);
  assert.equal(next.writer.clockDueUs, rig.writer.clockDueUs);
});

test('records of connectors come again byte for byte, with their connection, and so do texts they sent', () => {
  const { journal, rig, send } = live();
  const { writer, markets, connections } = rig;
  const facts = { dialect: 'json', source: 'feed', producer: null, address: 'wss://venue' } as const;
  const number = connections.number(facts);
  const nothing = (): void => undefined;
  const feed = new FeedSession(
    'json',
    number,
    DECODERS.json,
    writer,
    markets,
    connections.feedMarkets,
    nothing,
    nothing,
  );
  connections.adopt(number, facts, feed.session);
  feed.take(trades('A', 'B'));
  send(rig.session('json'), 'B');
  feed.lose(0, StateReason.connectionLost, 7);
  feed.backfill(1, 0, 1, 2, Number.NaN);
  feed.take(trades('B'), true);
  const image = makeIngressImage(journal.sequence, rig.memory, rig.parts);
  feed.take(trades('A'));
  connections.end(number);
  writer.commit();
  const { records, connections: known } = replayed(journal);
  assert.deepEqual(records, rig.records);
  assert.deepEqual([...known.feedMarkets.connection.subarray(0, 2)], [number, number]);
  const behind = new IngressRig();
  const replay = new JournalReplay(behind.parts, { image, anchorWallUs: RIG_WALL_US });
  for (const entry of journal.entries) if (entry.sequence > image.sequence) replay.take(entry);
  replay.end();
  assert.deepEqual(behind.records[0], rig.records[0].slice(-behind.records[0].length));
  assert.ok(behind.records[0].length > 0);
  const rest = journal.entries.filter(({ flags }) => (flags & JournalFlag.rest) !== 0);
  assert.equal(rest.length, 1);
});
