// `/v1/journal` and what records it (engine/recordings/record-engine.ts): a running engine recorded over the network, to the bytes of
// its own journal, through lost connections, damage on the way, and clients that take their time.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { BlockStream } from '../../engine/journal/block-stream.ts';
import { JournalCopy } from '../../engine/journal/journal-copy.ts';
import { NodeFolder } from '../../engine/journal/node-folder.ts';
import { startJournalProcess } from '../../engine/recordings/journal-process.ts';
import { EngineRecorder, RefusedError } from '../../engine/recordings/record-engine.ts';
import { replayFiles } from '../../engine/recordings/replay.ts';
import { MARKETS_MAX } from '../../schemas/config.ts';
import { contentOf, JournalRig } from '../support/journal-rig.ts';
import { type Client, eventually, LiveEngine } from '../support/live-engine.ts';
import { assertPrefix, entriesOf, FRAMES, SESSIONS } from '../support/recorded-engine.ts';
import { journalIn } from '../support/recovery-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-record-engine-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const plans = marketPlansOf({ usual: { bars: ['5t'], signals: ['imbalance'] } });
const COPY = { syncPolicy: 'interval', syncMs: 1_000, bytesMax: null } as const;

/** Pushes a share of each session, each on a socket that stays. */
class Pushers {
  private readonly clients: readonly Client[];
  sent = 0;

  private constructor(clients: readonly Client[]) {
    this.clients = clients;
  }

  static async open(engine: LiveEngine): Promise<Pushers> {
    return new Pushers(await Promise.all(SESSIONS.map(({ dialect }) => engine.producer(dialect))));
  }

  push(from: number, to: number): void {
    for (const [index, { frames }] of SESSIONS.entries()) {
      const part = frames.slice(Math.floor(frames.length * from), Math.floor(frames.length * to));
      for (const frame of part) this.clients[index].send(frame);
      this.sent += part.length;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
  }
}

async function hashOf(path: string): Promise<string> {
  const { hash, journals } = await replayFiles({
    ...{ files: [path], venue: null, speed: 0, workers: 2, marketsMax: MARKETS_MAX, depth: 0, plans },
  });
  assert.deepEqual([journals?.[0].damageCount, journals?.[0].unplaced], [0, 0]);
  return hash;
}

function recorderOf(url: string, name: string, more: { fromUs?: number; token?: string } = {}) {
  const told: string[] = [];
  const { fromUs = null, token = null } = more;
  const out = join(folder, name);
  const recorder = new EngineRecorder({
    ...{ url, token, fromUs, folder: out, tell: (sentence: string) => void told.push(sentence), ...COPY },
  });
  return { recorder, told, out, ran: recorder.run() };
}

const urlOf = ({ engine }: LiveEngine): string => `http://127.0.0.1:${engine.port}`;

/** A way to the engine that can be cut, and that can change a byte. */
class Relay {
  connections = 0;
  /** Bytes to the client after which a connection is cut, or one byte of it is changed; infinite for neither. */
  cutBytes = Number.POSITIVE_INFINITY;
  flipAt = Number.POSITIVE_INFINITY;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.server = server;
  }

  static start(port: () => number): Promise<Relay> {
    const server = createServer();
    const relay = new Relay(server);
    server.on('connection', (client) => relay.take(client, port()));
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(relay)));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  private take(client: Socket, port: number): void {
    this.connections++;
    const engine = connect(port, '127.0.0.1');
    const end = (): void => {
      client.destroy();
      engine.destroy();
      this.sockets.delete(client);
    };
    this.sockets.add(client);
    for (const socket of [client, engine]) socket.on('error', end).on('close', end);
    client.pipe(engine);
    let passed = 0;
    engine.on('data', (bytes: Buffer) => {
      const [cut, flip] = [this.cutBytes - passed, this.flipAt - passed];
      passed += bytes.length;
      if (flip >= 0 && flip < bytes.length) {
        bytes[flip] ^= 1;
        this.flipAt = Number.POSITIVE_INFINITY;
      }
      client.write(cut < bytes.length ? bytes.subarray(0, Math.max(0, cut)) : bytes);
      if (cut < bytes.length) end();
    });
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

/** Processes that write a journal out, by this process's children. */
function journalProcesses(): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      const isChild = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(process.pid);
      return isChild && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('journal-child');
    } catch {
      return false;
    }
  }).length;
}

describe('a running engine', () => {
  let engine: LiveEngine;
  let pushers: Pushers;
  const journal = join(folder, 'journal');

  before(async () => {
    engine = await LiveEngine.start({ plans, journal: journalIn(journal) });
    pushers = await Pushers.open(engine);
    pushers.push(0, 0.3);
    await engine.taken(pushers.sent);
  });
  after(async () => {
    await pushers.close();
    await engine.stop();
  });

  test('is recorded from its first entry, while it goes on, to the hash of its own journal', async () => {
    const { recorder, told, out, ran } = recorderOf(urlOf(engine), 'whole');
    await eventually('the first part', () => recorder.sequence > pushers.sent);
    for (let part = 3; part < 6; part++) {
      pushers.push(part / 10, (part + 1) / 10);
      await engine.taken(pushers.sent);
    }
    recorder.stop();
    await ran;
    assert.deepEqual([recorder.faults, recorder.missed, recorder.reconnects, told], [[], 0, 0, []]);
    const frames = entriesOf(out).filter(({ kind }) => kind === 4).length;
    assert.equal(frames, pushers.sent);
    assertPrefix(out, journal);
    assert.equal(await hashOf(out), await hashOf(journal));
    await eventually('no process is left', () => journalProcesses() === 0);
  });

  test('is recorded whole through connections that are cut, and bytes that are changed, on the way', async (t) => {
    const relay = await Relay.start(() => engine.engine.port);
    t.after(() => relay.close());
    relay.cutBytes = 50_000;
    const { recorder, told, out, ran } = recorderOf(relay.url, 'cut');
    await eventually('some cuts', () => relay.connections > 8);
    relay.cutBytes = Number.POSITIVE_INFINITY;
    relay.flipAt = 30_000;
    relay.cut();
    await eventually('the damage', () => told.some((sentence) => /damaged|something else/.test(sentence)));
    pushers.push(0.6, 0.8);
    await engine.taken(pushers.sent);
    recorder.stop();
    await ran;
    assert.deepEqual([recorder.faults, recorder.missed], [[], 0]);
    assert.ok(recorder.reconnects > 2, `${recorder.reconnects}`);
    assertPrefix(out, journal);
    assert.equal(await hashOf(out), await hashOf(journal));
  });

  test('is gone on with by the next recorder in the folder of one before, and by no other at once', async () => {
    const first = recorderOf(urlOf(engine), 'again');
    await eventually('something', () => first.recorder.sequence > 100);
    assert.throws(() => recorderOf(urlOf(engine), 'again'), /held by process/);
    first.recorder.stop(true);
    await first.ran;
    pushers.push(0.8, 0.9);
    await engine.taken(pushers.sent);
    const second = recorderOf(urlOf(engine), 'again', { fromUs: 0 });
    second.recorder.stop();
    await second.ran;
    assert.match(second.told[0], /goes on behind entry \d+; --from is for a new recording alone/);
    assertPrefix(second.out, journal);
    assert.equal(await hashOf(second.out), await hashOf(journal));
  });

  test('is recorded from a moment on, with the names of its markets', async () => {
    const entries = entriesOf(journal);
    const { anchorWallUs, receiveTimeNs, sequence } = entries[Math.floor(entries.length / 2)];
    const fromUs = anchorWallUs + Math.floor(receiveTimeNs / 1000);
    const { recorder, told, out, ran } = recorderOf(urlOf(engine), 'late', { fromUs });
    recorder.stop();
    await ran;
    assert.deepEqual([recorder.faults, told], [[], []]);
    const [first] = entriesOf(out);
    assert.ok(first.sequence <= sequence && first.sequence > sequence - 2_000);
    assertPrefix(out, journal);
    const names = JSON.parse(readFileSync(join(out, 'markets.json'), 'utf8')) as string[];
    const markets = await engine.get<{ market: string }[]>('/v1/markets');
    assert.deepEqual(
      names,
      markets.map(({ market }) => market),
    );
  });

  test('is told over HTTP up to what it has taken, as segments that replay reads', async () => {
    const response = await fetch(`${urlOf(engine)}/v1/journal`);
    assert.deepEqual(
      [response.status, response.headers.get('content-type'), response.headers.get('x-millrace-first-entry')],
      [200, 'application/octet-stream', '1'],
    );
    assert.match(String(response.headers.get('x-millrace-reaches-back-to')), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const bytes = Buffer.from(await response.arrayBuffer());
    const out = join(folder, 'told');
    const [stream, copy] = [new BlockStream(), JournalCopy.open(out, COPY)];
    stream.push(bytes);
    for (const block of stream.blocks()) copy.take(block);
    copy.close();
    assert.equal(entriesOf(out).filter(({ kind }) => kind === 4).length, pushers.sent);
    const [segment] = readdirSync(journal).filter((name) => name.endsWith('.mrj'));
    assert.ok(readFileSync(join(journal, segment)).subarray(64, bytes.length).equals(bytes.subarray(64)));
  });

  test('names the parameter, the limit and the value of what cannot be taken', async () => {
    const cases: readonly [string, number, RegExp][] = [
      ['from=yesterday', 400, /^from: expected ISO 8601.*was "yesterday"/],
      ['after=-1', 400, /^after: expected the number of an entry, was "-1"/],
      ['after=5&checksum=xyz', 400, /^checksum: expected 8 hexadecimal digits/],
      ['checksum=00000000', 400, /^checksum: expected with after/],
      ['after=5&from=2026-01-01', 400, /^after: expected no from/],
      ['follow=yes', 400, /^follow: expected a whole number from 0 to 1, was "yes"/],
      ['after=5&checksum=00000000', 409, /^expected a journal that goes on behind entry 5/],
      ['after=900000000&checksum=00000000', 409, /^expected a journal that has entry 900000000/],
    ];
    for (const [query, status, message] of cases) {
      const answer = await engine.text(`/v1/journal?${query}`);
      assert.equal(answer.status, status, `${query} ${answer.body}`);
      assert.match((JSON.parse(answer.body) as { error: { message: string } }).error.message, message);
    }
    await eventually('no process is left', () => journalProcesses() === 0);
  });

  test('has room for two at once, refuses the third, and has room again when one goes', async () => {
    const leaving = [new AbortController(), new AbortController()];
    const open = await Promise.all(
      leaving.map(({ signal }) => fetch(`${urlOf(engine)}/v1/journal?follow=1`, { signal })),
    );
    assert.deepEqual(
      open.map(({ status }) => status),
      [200, 200],
    );
    const refused = await engine.text('/v1/journal?follow=1');
    assert.equal(refused.status, 503);
    assert.match(refused.body, /"busy".*fewer than 2 streams of the journal at once, was 2/);
    const third = recorderOf(urlOf(engine), 'third');
    await eventually('it is told', () => third.told.some((sentence) => /fewer than 2 streams/.test(sentence)));
    leaving[0].abort();
    await eventually('its turn', () => third.recorder.sequence > 0);
    third.recorder.stop();
    await third.ran;
    assertPrefix(third.out, journal);
    leaving[1].abort();
    await eventually('no process is left', () => journalProcesses() === 0);
  });

  test('holds its process while a client takes nothing, and gives it all when it does', async () => {
    const socket = connect(engine.engine.port, '127.0.0.1');
    socket.write('GET /v1/journal?follow=1 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    socket.pause();
    pushers.push(0.9, 1);
    await engine.taken(FRAMES);
    await sleep(300);
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.resume();
    const lastOf = (): boolean => Buffer.concat(pieces).includes(SESSIONS[0].frames.at(-1) ?? '');
    await eventually('the newest frame', lastOf);
    socket.destroy();
    await eventually('no process is left', () => journalProcesses() === 0);
  });
});

test('a stream of the journal ends with its engine', async () => {
  const engine = await LiveEngine.start({ plans, journal: journalIn(join(folder, 'ends')) });
  const response = await fetch(`${urlOf(engine)}/v1/journal?follow=1`);
  const ended = response.arrayBuffer().then(
    () => 'whole',
    () => 'cut',
  );
  await eventually('a process', () => journalProcesses() === 1);
  await engine.stop();
  assert.equal(await ended, 'cut');
  await eventually('no process is left', () => journalProcesses() === 0);
});

test('an engine without a journal says how to start it', async () => {
  const engine = await LiveEngine.start({ plans });
  const { status, body } = await engine.text('/v1/journal');
  assert.deepEqual([status, /"no-journal".*--journal/.test(body)], [409, true]);
  const { ran, out } = recorderOf(urlOf(engine), 'none');
  await assert.rejects(
    ran,
    (error) => error instanceof RefusedError && /start it with --journal DIR/.test(error.message),
  );
  assert.equal(existsSync(out), false);
  await engine.stop();
});

test('a journal is given to the role admin alone', async () => {
  const tokens = (['ingest', 'read', 'admin'] as const).map((role) => ({ secret: `secret-of-${role}`, roles: [role] }));
  const access = { host: '127.0.0.1', isLocal: true, origins: [], tls: null, tokens };
  const engine = await LiveEngine.start({ plans, journal: journalIn(join(folder, 'guarded')), access });
  const status = async (token: string | null): Promise<number> => {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${urlOf(engine)}/v1/journal`, { headers });
    await response.arrayBuffer();
    return response.status;
  };
  const all = [null, 'secret-of-ingest', 'secret-of-read', 'secret-of-admin'];
  assert.deepEqual(await Promise.all(all.map(status)), [401, 403, 403, 200]);
  const { ran } = recorderOf(urlOf(engine), 'refused', { token: 'secret-of-read' });
  await assert.rejects(ran, (error) => error instanceof RefusedError && /--token: .*role admin/.test(error.message));
  const { recorder, ran: taken } = recorderOf(urlOf(engine), 'granted', { token: 'secret-of-admin' });
  recorder.stop();
  await taken;
  assert.ok(entriesOf(join(folder, 'granted')).length > 0);
  await engine.stop();
});

test('a stream follows through segments that end and go, and tells what went before it came', async () => {
  const path = join(folder, 'rotating');
  const options = { segmentBytes: 20_000, bytesMax: 60_000, keepsForRecovery: false };
  const rig = new JournalRig(NodeFolder.make(path) as never, options);
  const write = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      rig.frame(`frame ${i} ${'x'.repeat(400)}`);
      rig.write();
    }
    rig.write(2_000);
  };
  write(0, 50);
  const place = { afterSequence: 0, afterChecksum: null, fromUs: null };
  const running = startJournalProcess({ folder: path, place, untilSequence: null });
  assert.equal((await running.begun)?.sequence, 1);
  const [stream, copy] = [new BlockStream(), JournalCopy.open(join(folder, 'rotated'), COPY)];
  let missing = 0;
  running.output.on('data', (piece: Buffer) => {
    stream.push(piece);
    for (const block of stream.blocks()) {
      missing += copy.missingBefore(block.head);
      copy.take(block);
    }
  });
  for (let round = 1; round < 12; round++) {
    write(round * 50, round * 50 + 50);
    await eventually(`round ${round}`, () => copy.lastSequence === round * 50 + 50);
  }
  running.kill();
  await running.ended;
  copy.close();
  assert.equal(missing, 0);
  const { entries, missing: damages } = contentOf(NodeFolder.existing(join(folder, 'rotated')));
  assert.deepEqual([entries.length, damages], [600, []]);
  const late = startJournalProcess({ folder: path, place, untilSequence: 600 });
  const first = (await late.begun)?.sequence ?? 0;
  assert.ok(first > 400 && first < 600, `${first}`);
  late.output.resume();
  assert.equal(await late.ended, null);
});
