// T35: SIGTERM in the middle of a burst, twice, with a subscriber that reads nothing, and with a disk that stands still.

import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
import { Client } from '../support/live-engine.ts';
import { type Ended, type EngineOptions, EngineUnderTest } from './engine-under-test.ts';

import { journalFlags } from './recovery-session.ts';
import { exactly, type Figure, type Log, type Scenario, type Size, timedAtMost, told, zeroOf } from './scenario.ts';

const RUNS = { tiny: 1, small: 3, full: 8 } as const;
const BURST = 8_000;
const QUEUED_BYTES = 100_000;
const DEADLINE_S = 2;
const SLACK_S = 0.5;
const MARKET = 'burst:S';

const tradeOf = (id: number): Buffer =>
  wireFrame(
    Buffer.from(
      `{"type":"trade","exchange":"burst","symbol":"S","id":"${id}","price":"10","amount":"1","side":"buy","timestamp":"2026-01-01T00:00:00.000Z"}`,
    ),
  );

type Case = {
  readonly name: string;
  readonly flags: readonly string[];
  readonly options?: EngineOptions;
  /** Begun anew for each end. */
  readonly journal?: string;
  readonly isTwice?: boolean;
  readonly isReaderStuck?: boolean;
  readonly disk?: { readonly folder: string; readonly syncMs: number };
};
type Run = Ended & { readonly tookS: number; readonly received: number };

const seconds = (ms: number): number => ms / 1_000;

/** Until more is queued to the subscriber than the system takes of it, and less than it would be conflated for. */
async function fillQueue(engine: EngineUnderTest, producer: Socket): Promise<void> {
  for (let id = 1; (await engine.stats()).publish['bufferedBytes'] < QUEUED_BYTES; ) {
    await write(producer, Buffer.concat(Array.from({ length: 1_000 }, () => tradeOf(++id))));
    await engine.statsWhen('the step', ({ total }) => total['tradeRecords'] === id);
    await sleep(60);
  }
}

/** One end in the middle of a burst; counts what the reader was given of it. */
async function end(each: Case): Promise<Run> {
  const flags = ['--workers', '1', '--shutdown-timeout', `${DEADLINE_S}s`, ...each.flags];
  const engine = await EngineUnderTest.start(flags, each.options);
  if (each.disk !== undefined) engine.spoilDisk(null);
  const producer = await openFrameSocket(engine.ingestPort, '/ingest/json');
  await write(producer, tradeOf(1));
  await engine.statsWhen('the market', ({ total }) => total['tradeRecords'] === 1);
  const reader = await Client.open(`ws://127.0.0.1:${engine.port}/stream`);
  let received = 0;
  reader.socket.on('message', (data: Buffer) => {
    if (data.includes('"type":"trade"')) received++;
  });
  await reader.subscribe(`trade.${MARKET}`);
  if (each.isReaderStuck === true) reader.socket.pause();
  if (each.disk !== undefined) engine.spoilDisk(each.disk);
  if (each.isReaderStuck === true) await fillQueue(engine, producer);
  else {
    producer.write(Buffer.concat(Array.from({ length: BURST }, (_, i) => tradeOf(i + 2))));
    await engine.statsWhen('a part of the burst', ({ total }) => total['tradeRecords'] > 200);
  }
  const beganMs = performance.now();
  if (each.isTwice === true) engine.signal('SIGSTOP');
  engine.signal('SIGTERM');
  if (each.isTwice === true) {
    engine.signal('SIGINT');
    engine.signal('SIGCONT');
  }
  // Read again only once the engine has ended: what it handed to the system before comes then.
  const ended = await engine.ended;
  const tookS = seconds(performance.now() - beganMs);
  reader.socket.resume();
  await Promise.race([reader.closed, sleep(5_000)]);
  producer.destroy();
  return { ...ended, tookS, received };
}

type Judged = {
  runs: number;
  codes: number;
  late: number;
  longestS: number;
  lost: number;
  tooMany: number;
  pending: number;
  noSummary: number;
};

async function judge(each: Case, times: number, log: Log): Promise<Judged> {
  const sum = { runs: 0, codes: 0, late: 0, longestS: 0, lost: 0, tooMany: 0, pending: 0, noSummary: 0 };
  for (let time = 0; time < times; time++) {
    if (each.journal !== undefined) rmSync(each.journal, { recursive: true, force: true });
    const { code, signal, summary, tookS, received } = await end(each);
    sum.runs++;
    sum.longestS = Math.max(sum.longestS, tookS);
    if (summary === null) {
      sum.noSummary++;
      log(`${each.name}: ended by ${signal ?? code} without a summary`);
      continue;
    }
    // A forced end kills the process where a call to the disk does not return, since no other end would come.
    const isKilled = each.disk !== undefined && summary.forced && signal === 'SIGKILL';
    if (!isKilled && code !== (summary.forced ? 1 : 0)) sum.codes++;
    if (summary['duration_seconds'] > DEADLINE_S + SLACK_S) sum.late++;
    const { pending_messages_flushed: flushed, pending_messages_dropped: dropped } = summary;
    // All trades but the one before the subscription are to be told: those received, and those said to be dropped.
    const { applied } = summary.totals;
    sum.lost += Math.max(0, applied - 1 - received - dropped);
    sum.tooMany += Math.max(0, received + dropped - (applied - 1));
    sum.pending += flushed + dropped;
    log(
      `${each.name}: ${JSON.stringify({ code, tookS, received, applied, flushed, dropped, forced: summary.forced, s: summary['duration_seconds'] })}`,
    );
  }
  return sum;
}

function figuresOf(size: Size, { name, isTwice = false }: Case, judged: Judged): Figure[] {
  const { runs, codes, late, longestS, lost, tooMany, pending, noSummary } = judged;
  return [
    zeroOf(`${name}: ends without a summary`, noSummary, runs),
    zeroOf(`${name}: ends other than by 0, or by 1 where forced (SIGKILL where the disk stands still)`, codes, runs),
    // An end that is forced says what lies in the rings: messages on their way to a subscriber are cut with it.
    isTwice
      ? told(`${name}: messages cut with the process`, lost, '')
      : zeroOf(`${name}: messages neither received nor said to be dropped`, lost, Math.max(pending, runs)),
    told(`${name}: messages said to be dropped that came through all the same`, tooMany, `of ${pending} pending`),
    zeroOf(`${name}: ends beyond the deadline by more than ${SLACK_S} s`, late, runs),
    timedAtMost(size, `${name}: longest end, seen from outside`, longestS, DEADLINE_S + 2, 's'),
  ];
}

export const scenario: Scenario = {
  id: 'T35',
  title: 'Shutdown mid-burst',
  async run(size, _seed, log) {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-t35-'));
    const diskFile = join(folder, 'disk-fault');
    const journal = join(folder, 'journal');
    const disk = { folder: journal, syncMs: 60_000 };
    const journaled = [...journalFlags(journal, 60_000), '--journal-sync', 'always'];
    const cases: readonly Case[] = [
      { name: 'a burst', flags: [] },
      { name: 'a burst with a journal', flags: journaled, journal },
      { name: 'twice', flags: [], isTwice: true },
      { name: 'a subscriber that reads nothing', flags: [], isReaderStuck: true },
      { name: 'a disk that stands still', flags: journaled, journal, options: { diskFile }, disk },
    ];
    const figures: Figure[] = [];
    let runs = 0;
    try {
      for (const each of cases) {
        const judged = await judge(each, RUNS[size], log);
        runs += judged.runs;
        figures.push(...figuresOf(size, each, judged));
        rmSync(folder, { recursive: true, force: true });
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    figures.push(exactly('ways to end', cases.length, 5, ''));
    return {
      injected: runs,
      detected: runs,
      falseAlarms: null,
      figures,
      accounting: null,
      knownHoles: [
        'A disk that stands still in one call of the system holds the thread in it: the end is forced, and what was not written is said to be.',
      ],
      notes: [`${RUNS[size]} ends of each kind, amid a burst of ${BURST} trades, deadline ${DEADLINE_S} s.`],
    };
  },
};
