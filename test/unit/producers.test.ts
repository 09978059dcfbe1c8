// Named producers: each message is taken once, in order, and acknowledged when the journal has it.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { JournalReplay } from '../../engine/ingress/journal-replay.ts';
import type { ProducerSession, ProducerSocket } from '../../engine/ingress/producer-session.ts';
import { Producers } from '../../engine/ingress/producers.ts';
import { CLOSE_REPLACED, CLOSE_RESUME, PRODUCER_BYTES_MAX } from '../../schemas/config.ts';
import { type IngressCounterName, ingressCounter } from '../../schemas/counters.ts';
import { type Dialect, FrameResult, RecordType } from '../../schemas/ids.ts';
import { JournalFlag, JournalKind } from '../../schemas/journal.ts';
import { IngressRig, RIG_MARKETS_MAX, RIG_WALL_US, type RigOptions, recordFacts } from '../support/ingress-rig.ts';
import { MemoryJournal } from '../support/memory-journal.ts';

class Socket implements ProducerSocket {
  readonly told: Record<string, unknown>[] = [];
  closedWith = 0;

  send(text: string): void {
    this.told.push(JSON.parse(text) as Record<string, unknown>);
  }

  end(code: number): void {
    this.closedWith = code;
  }

  acks(): unknown[] {
    return this.told.filter(({ op }) => op === 'ack').map(({ seq }) => seq);
  }
}

const made: Producers[] = [];

class Place {
  readonly journal: MemoryJournal | null;
  readonly rig: IngressRig;
  readonly producers: Producers;
  private atNs = 0;

  constructor(hasJournal: boolean, options: RigOptions = {}, producersMax = 4) {
    this.journal = hasJournal ? new MemoryJournal(RIG_WALL_US) : null;
    this.rig = new IngressRig({ ...options, journal: this.journal });
    const { writer, markets, connections } = this.rig;
    const flush = (): void => writer.commit();
    const parts = {
      writer,
      markets,
      marketsMax: RIG_MARKETS_MAX,
      connections,
      decoders: DECODERS,
      flush,
      producersMax,
    };
    this.producers = new Producers(parts);
    made.push(this.producers);
  }

  open(name: string, dialect: Dialect = 'json'): { socket: Socket; session: ProducerSession } {
    const socket = new Socket();
    assert.equal(this.producers.refusal(name, dialect), null);
    const session = this.producers.open(name, dialect, socket);
    assert.ok(session !== null);
    return { socket, session };
  }

  take(session: ProducerSession, text: string): number {
    this.atNs += 1000;
    return this.rig.take(session, Buffer.from(text), this.atNs);
  }

  count(name: IngressCounterName): number {
    return this.rig.writer.counters[ingressCounter[name]];
  }

  trades(): number {
    this.rig.writer.commit();
    return this.rig.records[0].filter((record) => recordFacts(record).type === RecordType.trade).length;
  }
}

afterEach(() => {
  for (const producers of made.splice(0)) producers.stop();
});

const message = (id: number): string =>
  `{"type":"trade","exchange":"x","symbol":"A","timestamp":1767225600000,"price":1,"amount":1,"id":"${id}"}`;
const stated = (seq: number, ...ids: number[]): string => `{"seq":${seq},"messages":[${ids.map(message)}]}`;
const statedLate = (seq: number, body: string): string => `{"messages":[${body}],"seq":${seq}}`;

test('messages are numbered from 1, refused ones too, and a connection is welcomed with the last', () => {
  const place = new Place(false);
  const first = place.open('p');
  assert.deepEqual(first.socket.told, [{ op: 'welcome', lastSeq: 0 }]);
  assert.equal(place.take(first.session, message(1)), FrameResult.applied);
  assert.equal(place.take(first.session, '{"type":'), FrameResult.syntax);
  assert.equal(place.take(first.session, message(2)), FrameResult.applied);
  place.producers.closed('p', first.socket);
  const second = place.open('p');
  assert.deepEqual(second.socket.told[0], { op: 'welcome', lastSeq: 3 });
  assert.equal(second.session, first.session, 'its decoder goes on');
  assert.equal(first.socket.told.filter(({ op }) => op === 'error').length, 1);
});

test('a stated repeat is left out and counted, a jump is refused and not taken', () => {
  const place = new Place(true);
  const { session, socket } = place.open('p');
  for (const seq of [1, 2, 3]) assert.equal(place.take(session, stated(seq, seq)), FrameResult.applied);
  assert.equal(place.take(session, stated(5, 5)), FrameResult.range);
  const error = socket.told.find(({ op }) => op === 'error');
  assert.deepEqual([error?.['category'], error?.['message']], ['range', 'expected message 4 of this producer, was 5']);
  for (const seq of [2, 3]) assert.equal(place.take(session, stated(seq, seq)), FrameResult.ignored);
  assert.equal(place.take(session, stated(4, 4)), FrameResult.applied);
  assert.deepEqual([session.lastSequence, place.count('repeats'), place.trades()], [4, 2, 4]);
  assert.equal(place.count('frames'), place.count('applied') + place.count('ignored') + place.count('range'));
  const flags = place.journal?.entries.filter(({ kind }) => kind === JournalKind.frame).map(({ flags }) => flags);
  assert.deepEqual(flags, [0, 0, 0, 0, JournalFlag.repeated, JournalFlag.repeated, 0]);
});

test('a refused message keeps the number it states, wherever that stands, and repeats may be sent without one', () => {
  const place = new Place(false);
  const first = place.open('p');
  assert.equal(place.take(first.session, stated(1, 1)), FrameResult.applied);
  assert.equal(place.take(first.session, statedLate(2, '{"type":"trade"}')), FrameResult.missingField);
  assert.equal(place.take(first.session, stated(3, 3)), FrameResult.applied);
  const second = place.open('p');
  assert.equal(place.take(second.session, statedLate(2, '{"type":"trade"}')), FrameResult.ignored);
  assert.equal(place.take(second.session, message(3)), FrameResult.ignored, 'the one behind 2 is 3');
  assert.equal(place.take(second.session, message(4)), FrameResult.applied);
  assert.deepEqual([second.session.lastSequence, place.trades()], [4, 3]);
});

test('what a refused message alone calls `seq` is not its number', () => {
  const place = new Place(false);
  const { session } = place.open('p');
  assert.equal(place.take(session, '{"type":"trade","seq":77}'), FrameResult.missingField);
  assert.equal(place.take(session, message(2)), FrameResult.applied);
  assert.equal(session.lastSequence, 2);
});

test('acknowledgements are cumulative and never ahead of the journal', () => {
  const place = new Place(true);
  const { session, socket } = place.open('p');
  const { journal } = place;
  assert.ok(journal !== null);
  for (let i = 1; i <= 5; i++) place.take(session, message(i));
  place.producers.acknowledge();
  assert.deepEqual(socket.acks(), [], 'nothing is safe');
  const five = journal.sequence;
  for (let i = 6; i <= 9; i++) place.take(session, message(i));
  journal.safeSequence = five;
  place.producers.acknowledge();
  assert.deepEqual(socket.acks(), [5]);
  journal.safeSequence = journal.sequence - 1;
  place.producers.acknowledge();
  assert.deepEqual(socket.acks(), [5]);
  journal.safeSequence = journal.sequence;
  place.producers.acknowledge();
  place.producers.acknowledge();
  assert.deepEqual(socket.acks(), [5, 9], 'each once');
});

test('marks of a journal that stands still stay few, and all is acknowledged once it goes on', () => {
  const place = new Place(true);
  const { session, socket } = place.open('p');
  for (let i = 1; i <= 500; i++) {
    place.take(session, message(i));
    place.producers.acknowledge();
  }
  assert.ok(place.journal !== null);
  place.journal.safeSequence = place.journal.sequence;
  place.producers.acknowledge();
  assert.deepEqual(socket.acks(), [500]);
});

test('without a journal what is in the rings is acknowledged', () => {
  const place = new Place(false);
  const { session, socket } = place.open('p');
  for (let i = 1; i <= 3; i++) place.take(session, message(i));
  place.producers.acknowledge();
  assert.deepEqual(socket.acks(), [3]);
  assert.equal(place.trades(), 3);
});

test('a second connection of a name closes the first, and goes on behind what that brought', () => {
  const place = new Place(false);
  const first = place.open('p');
  place.take(first.session, message(1));
  const second = place.open('p');
  assert.equal(first.socket.closedWith, CLOSE_REPLACED);
  assert.deepEqual(second.socket.told[0], { op: 'welcome', lastSeq: 1 });
  place.producers.closed('p', first.socket);
  place.take(second.session, message(2));
  place.producers.acknowledge();
  assert.deepEqual([second.socket.acks(), first.socket.acks()], [[2], []]);
  assert.equal(place.count('producersReplaced'), 1);
});

test('a message that finds no room is cut, those behind it too, and none is missing when they come again', () => {
  const place = new Place(true, { inputSlots: 512, isStill: true });
  const first = place.open('p');
  let last = 0;
  while (first.socket.closedWith === 0) place.take(first.session, stated(++last, last, last + 0.5));
  assert.equal(first.socket.closedWith, CLOSE_RESUME);
  assert.equal(place.take(first.session, stated(last + 1, last + 1)), FrameResult.dropped);
  assert.equal(first.session.lastSequence, last - 1);
  place.producers.closed('p', first.socket);
  place.rig.writer.commit();
  place.rig.drain();
  const second = place.open('p');
  assert.deepEqual(second.socket.told[0], { op: 'welcome', lastSeq: last - 1 });
  assert.equal(place.take(second.session, stated(last, last, last + 0.5)), FrameResult.applied);
  place.rig.writer.commit();
  place.rig.drain();
  assert.equal(place.trades(), 2 * last);
  const types = place.rig.records.flat().map((record) => recordFacts(record).type);
  assert.ok(!types.includes(RecordType.gap), 'nothing is lost, so no market is marked');
});

test('names that are none, another dialect and one too many are refused with a sentence', () => {
  const place = new Place(false, {}, 2);
  const { producers } = place;
  for (const name of ['', 'a\nb', 'a\u007f', 'x'.repeat(PRODUCER_BYTES_MAX + 1), 'é'.repeat(41)]) {
    const refusal = producers.refusal(name, 'json');
    assert.deepEqual([refusal?.status, refusal?.category], ['400 Bad Request', 'shape'], name);
  }
  const a = place.open('x'.repeat(PRODUCER_BYTES_MAX));
  assert.equal(producers.refusal('x'.repeat(PRODUCER_BYTES_MAX), 'binance')?.status, '409 Conflict');
  const b = place.open('b');
  assert.equal(producers.refusal('c', 'json')?.status, '503 Service Unavailable');
  place.take(a.session, message(1));
  producers.closed(a.session.producer, a.socket);
  assert.equal(producers.refusal('c', 'json')?.status, '503 Service Unavailable', 'a waits to be told');
  producers.acknowledge();
  place.open('c');
  assert.deepEqual([producers.count, place.count('producersForgotten')], [2, 1]);
  assert.equal(producers.refusal(a.session.producer, 'binance')?.status, '503 Service Unavailable', 'a is forgotten');
  assert.ok(b.session.socket !== null);
});

test('what a journal tells of a producer is known after it, and its messages go on behind', () => {
  const place = new Place(true);
  const { session, socket } = place.open('p');
  for (const seq of [1, 2, 2, 3]) place.take(session, stated(seq, seq));
  place.producers.closed('p', socket);
  place.rig.writer.commit();
  const next = new IngressRig({ policy: 'block-without-limit' });
  const replay = new JournalReplay(next.parts, { image: null, anchorWallUs: RIG_WALL_US });
  for (const entry of place.journal?.entries ?? []) replay.take(entry);
  replay.beginAnew(1e9);
  replay.end();
  assert.deepEqual(next.records, place.rig.records, 'of a named producer nothing is lost, and nothing is marked');
  const producers = new Producers({ ...next.parts, flush: () => next.writer.commit() });
  made.push(producers);
  const again = new Socket();
  const resumed = producers.open('p', 'json', again);
  assert.deepEqual(again.told, [
    { op: 'welcome', lastSeq: 3 },
    { op: 'ack', seq: 3 },
  ]);
  assert.ok(resumed !== null);
  assert.equal(next.take(resumed, Buffer.from(stated(3, 3)), 2e9), FrameResult.ignored);
  assert.equal(next.take(resumed, Buffer.from(message(4)), 2e9), FrameResult.applied);
});
