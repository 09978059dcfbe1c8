// Named producers over real sockets: cut anywhere, in every dialect, each message comes into the state exactly once.

import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainAccess } from '../../engine/base/access.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { IngressServer } from '../../engine/ingress/server.ts';
import { CLOSE_REPLACED } from '../../schemas/config.ts';
import { DIALECTS, type Dialect, RecordType } from '../../schemas/ids.ts';
import { IngressRig, RIG_MARKETS_MAX, RIG_WALL_US, recordFacts } from '../support/ingress-rig.ts';
import { Client, eventually, hourAheadMs, LiveEngine } from '../support/live-engine.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { numbersOf } from '../support/recordings.ts';
import { SEED } from '../support/seed.ts';
import { venueLines } from '../support/venue-frames.ts';

const HOST = '127.0.0.1';
const LINES_MAX = 300;
const CUTS = 6;

/** Types whose first field is a receive time, which no two runs share. */
const TIMED = new Set<number>([
  RecordType.trade,
  RecordType.bookChange,
  RecordType.quote,
  RecordType.candle,
  RecordType.gap,
  RecordType.derivative,
  RecordType.liquidation,
]);

/** Records without their receive times, and without those of the clock. */
function timeless(records: readonly string[]): string[] {
  return records
    .filter((record) => recordFacts(record).type !== RecordType.clock)
    .map((record) => (TIMED.has(recordFacts(record).type) ? record.slice(0, 8) + record.slice(16) : record));
}

class Place {
  readonly rig: IngressRig;
  readonly journal = new MemoryJournal(RIG_WALL_US);
  readonly server: IngressServer;
  port = 0;

  constructor() {
    this.rig = new IngressRig({ policy: 'block', journal: this.journal });
    const { writer, markets, connections } = this.rig;
    const options = { host: HOST, port: 0, marketsMax: RIG_MARKETS_MAX, decoders: DECODERS, connections };
    this.server = new IngressServer({ ...options, access: plainAccess(HOST, null) }, writer, markets);
  }

  static async open(): Promise<Place> {
    const place = new Place();
    place.port = await place.server.listen();
    return place;
  }

  client(dialect: string, name: string): Promise<Client> {
    return Client.open(`ws://${HOST}:${this.port}/ingest/${dialect}?producer=${encodeURIComponent(name)}`);
  }
}

async function welcomed(client: Client): Promise<number> {
  return Number((await client.next('welcome', ({ op }) => op === 'welcome'))['lastSeq']);
}

const acksOf = (client: Client): number[] =>
  client.received.filter(({ op }) => op === 'ack').map(({ seq }) => Number(seq));

/** Sends all frames, and is cut off CUTS times; returns the acknowledgements of each connection. */
async function sendWithCuts(place: Place, dialect: Dialect, frames: readonly Uint8Array[]): Promise<number[][]> {
  const random = numbersOf(SEED + DIALECTS.indexOf(dialect));
  const acks: number[][] = [];
  for (let cut = 0; cut <= CUTS; cut++) {
    const client = await place.client(dialect, 'p');
    const from = await welcomed(client);
    const to = cut === CUTS ? frames.length : Math.min(frames.length, from + 1 + random(frames.length / 3));
    for (const frame of frames.slice(from, to)) client.send(frame);
    if (cut === CUTS) await client.next('the last', ({ op, seq }) => op === 'ack' && seq === frames.length);
    else await sleep(random(3));
    client.socket.terminate();
    await client.closed;
    acks.push(acksOf(client));
  }
  return acks;
}

describe('a named producer that is cut off anywhere', () => {
  for (const dialect of DIALECTS) {
    it(`brings every message of ${dialect} once`, async (t) => {
      const frames = (await venueLines(dialect, LINES_MAX)).filter(({ isSent }) => !isSent).map(({ bytes }) => bytes);
      if (frames.length === 0) return t.skip(`no recording of ${dialect}; MILLRACE_RECORDINGS names their folder`);
      const wanted = new IngressRig();
      const session = wanted.session(dialect);
      for (const frame of frames) wanted.take(session, frame, 0);
      wanted.writer.commit();
      const place = await Place.open();
      const safe = setInterval(() => {
        place.journal.safeSequence = Math.max(place.journal.safeSequence, place.journal.committed - 1);
        setImmediate(() => {
          place.journal.safeSequence = place.journal.committed;
        });
      }, 2);
      try {
        const acks = await sendWithCuts(place, dialect, frames);
        assert.ok(acks.every((list) => list.every((seq, index) => index === 0 || seq > list[index - 1])));
        const was = timeless(place.rig.records[0]);
        const expected = timeless(wanted.records[0]);
        assert.equal(was.length, expected.length);
        assert.equal(
          was.findIndex((record, index) => record !== expected[index]),
          -1,
        );
      } finally {
        clearInterval(safe);
        place.server.close();
      }
    });
  }
});

test('acknowledgements wait for the journal, and come together', async () => {
  const place = await Place.open();
  try {
    const frames = (await venueLines('json', LINES_MAX)).map(({ bytes }) => bytes);
    const client = await place.client('json', 'slow disk');
    await welcomed(client);
    for (const frame of frames) client.send(frame);
    await eventually('all in the rings', () => place.journal.entries.length > frames.length);
    await sleep(30);
    assert.deepEqual(acksOf(client), []);
    place.journal.safeSequence = place.journal.sequence;
    await client.next('the last', ({ op, seq }) => op === 'ack' && seq === frames.length);
    assert.ok(acksOf(client).length < frames.length / 4, 'not one each');
    await client.close();
  } finally {
    place.server.close();
  }
});

test('a second connection of a name takes it over, and wrong names are refused before the handshake', async () => {
  const place = await Place.open();
  try {
    const frames = (await venueLines('json', 20)).map(({ bytes }) => bytes);
    const first = await place.client('json', 'p');
    assert.equal(await welcomed(first), 0);
    for (const frame of frames.slice(0, 5)) first.send(frame);
    await eventually('taken', () => place.rig.writer.counters[0] === 5);
    const second = await place.client('json', 'p');
    assert.equal(await welcomed(second), 5);
    assert.equal(await first.closed, CLOSE_REPLACED);
    for (const name of ['', '\n', 'x'.repeat(81)]) await assert.rejects(place.client('json', name), /400/);
    await assert.rejects(place.client('binance', 'p'), /409/);
    await second.close();
  } finally {
    place.server.close();
  }
});

test('trades and bars of an engine hold each message of a producer once', async () => {
  const live = await LiveEngine.start();
  try {
    const startMs = hourAheadMs();
    const trade = (id: number): string =>
      `{"type":"trade","exchange":"x","symbol":"A","timestamp":${startMs + id},"price":1,"amount":1,"side":"buy","id":"${id}"}`;
    const total = 400;
    const random = numbersOf(SEED);
    const url = `ws://${HOST}:${live.engine.ingestPort}/ingest/json?producer=bars`;
    for (let last = 0; last < total; ) {
      const client = await Client.open(url);
      last = await welcomed(client);
      const to = Math.min(total, last + 1 + random(120));
      // Some are sent again that were taken before, as they say themselves.
      for (let id = Math.max(1, last - 5); id <= to; id++) client.send(`{"seq":${id},"messages":[${trade(id)}]}`);
      if (to === total) {
        await client.next('the last', ({ op, seq }) => op === 'ack' && seq === total);
        last = total;
      }
      client.socket.terminate();
      await client.closed;
    }
    const bars = await live.get<{ volume: string; trades: number }[]>(`/v1/bars/${encodeURIComponent('x:A')}?kind=1m`);
    assert.deepEqual([bars.length, bars[0].trades, bars[0].volume], [1, total, String(total)]);
    assert.ok(live.ingress('repeats') > 0);
  } finally {
    await live.stop();
  }
});
