// The export of a running engine against a client that a test leads: what it asks the journal for, when, and how often.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import type { ReplayOptions } from '../../../engine/client/answers.ts';
import { RequestError } from '../../../engine/client/errors.ts';
import { gapOf } from '../../../engine/client/gaps.ts';
import { EngineSource, type EngineSourceOptions } from '../../../engine/export/engine-source.ts';
import { Exporter, type ExportSummary } from '../../../engine/export/exporter.ts';
import { tablesOf } from '../../../engine/export/options.ts';
import type { Gap, StreamMessage } from '../../../schemas/feed.ts';
import { queried, tradeOf } from '../../support/export-rows.ts';
import { eventually } from '../../support/live-engine.ts';

const root = mkdtempSync(join(tmpdir(), 'millrace-source-'));
after(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;

type Answer = () => AsyncGenerator<StreamMessage, void, undefined>;

/** Gives some messages, then breaks off where there is an error. */
const answering = (error: Error | null, ...messages: StreamMessage[]): Answer =>
  async function* () {
    yield* messages;
    if (error !== null) throw error;
  };
const whole = (...messages: StreamMessage[]): Answer => answering(null, ...messages);
const refused = (status: number, category: string): Answer =>
  answering(new RequestError('/v1/replay', status, category, category));

/** An export of trades whose engine is the test: it gives the stream, and answers each question for the journal by the next in the list. */
class Rig {
  readonly folder = join(root, String(folders++));
  readonly asked: ReplayOptions[] = [];
  readonly said: string[] = [];
  answers: Answer[];
  /** What the stream brings. */
  private readonly stream = new PassThrough({ objectMode: true, highWaterMark: 1000 });
  private tellGap: (gap: Gap) => void = () => undefined;
  private exporter: Exporter | null = null;
  private source: EngineSource | null = null;
  private ran: Promise<void> = Promise.resolve();

  constructor(answers: Answer[]) {
    this.answers = answers;
  }

  async start(): Promise<this> {
    const { folder } = this;
    this.exporter = await Exporter.open({
      ...{ folder, format: 'csv', compression: 'none', createdBy: 'test', source: 'ws://engine', kept: {} },
      ...{ tables: tablesOf('trade'), rollMs: null, rollBytes: null },
    });
    const client = {
      subscribe: () => ({
        ready: async () => undefined,
        close: () => void this.stream.end(),
        [Symbol.asyncIterator]: () => this.stream[Symbol.asyncIterator](),
      }),
      replay: (options: ReplayOptions) => {
        this.asked.push(options);
        return (this.answers.shift() ?? refused(409, 'no-journal'))();
      },
      onGap: (listener: (gap: Gap) => void) => {
        this.tellGap = listener;
        return () => undefined;
      },
    } as unknown as EngineSourceOptions['client'];
    const tell = (sentence: string): void => void this.said.push(sentence);
    const options = { client, exporter: this.exporter, channels: ['trade'], markets: ['*'], tell, againMs: 1 };
    this.source = new EngineSource(options);
    this.ran = this.source.run();
    return this;
  }

  put(...messages: StreamMessage[]): void {
    for (const message of messages) {
      if (message.type === 'gap') this.tellGap(message);
      this.stream.write(message);
    }
  }

  async asks(times: number): Promise<void> {
    await eventually(`the journal is asked ${times} times`, () => this.asked.length >= times && this.said.length >= 0);
  }

  async rows(count: number): Promise<void> {
    await eventually(`${count} rows`, () => (this.exporter?.count ?? 0) >= count);
  }

  async end(): Promise<ExportSummary> {
    this.source?.stop();
    await this.ran;
    return (this.exporter as Exporter).close();
  }

  async ids(): Promise<string> {
    const rows = await queried(`SELECT id FROM read_csv('${this.folder}/trade/**/*.csv', header = true) ORDER BY seq`);
    return rows.map(([id]) => id).join(' ');
  }

  get gaps(): string {
    return readFileSync(join(this.folder, 'gaps.csv'), 'utf8');
  }
}

const lostAll = (): Gap => gapOf('trade.*', 'reconnect', 0, 0, null);

test('what a lost connection did not bring comes from the journal, once, and is in no gaps.csv', async () => {
  const rig = await new Rig([whole(tradeOf(2), tradeOf(3), tradeOf(4), tradeOf(5))]).start();
  rig.put(tradeOf(1), tradeOf(2));
  await rig.rows(2);
  // The journal has what the stream brings behind the gap, too.
  rig.put(lostAll(), tradeOf(5), tradeOf(6));
  await rig.rows(6);
  const { rows, repeated, gaps } = await rig.end();
  assert.equal(await rig.ids(), '1 2 3 4 5 6');
  assert.deepEqual({ ...rows, repeated, gaps }, { trade: 6, repeated: 2, gaps: 0 });
  assert.equal(rig.asked.length, 1);
  assert.ok((rig.asked[0].from ?? '') < (tradeOf(2).localTimestamp ?? ''), 'from before the newest row');
});

test('while an engine has no place for a replay it is asked again, and what is lost meanwhile waits', async () => {
  const busy = refused(503, 'busy');
  const breaksOff = answering(new RequestError('/v1/replay', 0, 'unreachable', 'it broke off'), tradeOf(2));
  const rig = await new Rig([busy, busy, breaksOff, whole(tradeOf(1), tradeOf(2), tradeOf(3))]).start();
  rig.put(tradeOf(1));
  await rig.rows(1);
  rig.put(lostAll(), tradeOf(4));
  await rig.rows(4);
  const { gaps } = await rig.end();
  assert.equal(await rig.ids(), '1 2 3 4');
  assert.deepEqual([rig.asked.length, gaps], [4, 0]);
  assert.equal(rig.said.length, 1, 'it is told once');
  assert.match(rig.said[0], /the journal is asked for again until it answers whole: .*busy/);
});

test('an export that starts again asks until the engine has a place, and takes the stream behind that', async () => {
  const first = await new Rig([]).start();
  first.put(tradeOf(1));
  await first.rows(1);
  await first.end();
  const rig = new Rig([refused(503, 'busy'), whole(tradeOf(1), tradeOf(2))]);
  Object.assign(rig, { folder: first.folder });
  rig.put(tradeOf(2), tradeOf(3));
  await rig.start();
  await rig.rows(2);
  await rig.end();
  assert.equal(await rig.ids(), '1 2 3');
  assert.equal(rig.asked.length, 2);
});

test('what neither stream nor journal has is told, and the export goes on', async () => {
  const rig = await new Rig([refused(409, 'no-journal')]).start();
  rig.put(tradeOf(1));
  await rig.rows(1);
  rig.put(lostAll(), tradeOf(4));
  await rig.rows(2);
  const { gaps } = await rig.end();
  assert.equal(await rig.ids(), '1 4');
  assert.equal(gaps, 1);
  assert.match(rig.gaps, /,trade\.\*,reconnect,0,2026-11-22T10:00:00\.000002Z,/);
  assert.match(rig.said[0], /the stream lacks what came after 2026-11-22T10:00:00\.000002Z/);
});

test('what the journal does not reach back to is told', async () => {
  const rig = await new Rig([whole(tradeOf(3))]).start();
  rig.put(tradeOf(1));
  await rig.rows(1);
  rig.put(lostAll(), tradeOf(3));
  await rig.rows(2);
  await rig.end();
  assert.equal(await rig.ids(), '1 3');
  const [after, before] = [tradeOf(1).localTimestamp, tradeOf(3).localTimestamp];
  assert.ok(rig.gaps.includes(`,trade.*,journal-begins-later,0,${after},${before}\r\n`), rig.gaps);
});

test('several gaps that came before the journal was asked are asked for once', async () => {
  const rig = await new Rig([whole(tradeOf(1), tradeOf(2), tradeOf(3))]).start();
  rig.put(tradeOf(1));
  await rig.rows(1);
  rig.put(gapOf('trade.venue:A', 'missed', 1, 2, 1), tradeOf(3), gapOf('trade.venue:B', 'missed', 1, 2, 1), tradeOf(4));
  await rig.rows(4);
  await rig.end();
  assert.equal(await rig.ids(), '1 2 3 4');
  assert.equal(rig.asked.length, 1);
});

test('an export that ends while it asks leaves the place for its next run', async () => {
  const rig = await new Rig(Array.from({ length: 10_000 }, () => refused(503, 'busy'))).start();
  rig.put(tradeOf(1));
  await rig.rows(1);
  rig.put(lostAll(), tradeOf(4));
  await rig.asks(2);
  const { gaps } = await rig.end();
  assert.equal(await rig.ids(), '1', 'a row behind the place would hide it from the next run');
  assert.equal(gaps, 0);
});
