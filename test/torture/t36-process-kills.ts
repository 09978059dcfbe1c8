// T36: the whole process is ended by kill -9, under load, in the middle of a checkpoint, and while it recovers: the one
// after it goes on where it was, and nothing acknowledged is missing.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { TEMPORARY_ENDING } from '../../engine/journal/names.ts';
import { seededRandom } from '../../engine/synthetic/random.ts';
import { Listener, makeTraffic, NamedProducer, type Traffic, withoutTimes } from '../support/recovery-rig.ts';
import { EngineUnderTest, settled } from './engine-under-test.ts';

import { differingMarkets, journalFlags, RUN_FLAGS, stateNow, undisturbed } from './recovery-session.ts';
import { accountOf, percentileOf, type Scenario, timedAtMost, told, zeroOf } from './scenario.ts';

const KILLS = { tiny: 3, small: 12, full: 60 } as const;
const FRAMES_PER_KILL = 900;
const MARKETS = 6;
const WORKERS = [2, 1, 3] as const;
const CHECKPOINT_MS = 250;
const LIVE_MS_MAX = 10_000;

/** What a kill waits for. */
const MOMENTS = ['under load', 'while a checkpoint is written', 'while it starts'] as const;
type Moment = (typeof MOMENTS)[number];

type Message = { readonly seq: number; readonly [name: string]: unknown };

/** All numbered messages of books and trades, over all processes. */
class Output {
  twice = 0;
  different = 0;
  compared = 0;
  readonly samples: string[] = [];
  private readonly expected = new Map<string, ReadonlyMap<number, unknown>>();
  private readonly first = new Map<string, number>();
  private readonly seen = new Set<string>();

  constructor(told: ReadonlyMap<string, readonly unknown[]>) {
    for (const [channel, messages] of told as ReadonlyMap<string, readonly Message[]>) {
      this.expected.set(channel, new Map(messages.map((message) => [message.seq, message])));
      this.first.set(channel, messages[0].seq);
    }
  }

  /** A snapshot shows the book as it is when one asks, so only changes are held against those expected. */
  take(listener: Listener): void {
    for (const [channel, messages] of listener.told) {
      for (const message of messages as unknown as Message[]) {
        if (message['isSnapshot'] === true) continue;
        const name = `${channel} ${message.seq}`;
        if (this.seen.has(name)) this.twice++;
        this.seen.add(name);
        const byNumber = this.expected.get(channel);
        // The undisturbed run was listened to a little later.
        if (message.seq <= (this.first.get(channel) ?? 0)) continue;
        const expected = byNumber?.get(message.seq);
        this.compared++;
        // The first that a process tells of a channel has none before it that it knows of.
        const known = message['prevSeq'] === null ? { ...message, prevSeq: message.seq - 1 } : message;
        if (isDeepStrictEqual(withoutTimes(known), expected)) continue;
        this.different++;
        if (this.different < 3)
          this.samples.push(`${name}: ${JSON.stringify(message)}, expected ${JSON.stringify(expected)}`);
      }
    }
  }
}

/** Resolves in the middle of a checkpoint, or after a while without one. */
async function checkpointBegun(folder: string): Promise<void> {
  const endMs = performance.now() + 3_000;
  const isBegun = (): boolean =>
    readdirSync(folder).some((name) => name.includes('checkpoint') && name.endsWith(TEMPORARY_ENDING));
  while (!isBegun() && performance.now() < endMs) await new Promise(setImmediate);
}

const numbered = (markets: readonly string[]): string[] =>
  markets.flatMap((market) => [`trade.${market}`, `book.${market}`]);

export const scenario: Scenario = {
  id: 'T36',
  title: 'Crash and restart with a journal',
  async run(size, seed, log) {
    const kills = KILLS[size];
    const random = seededRandom(seed, 'process kills');
    const traffic: Traffic = makeTraffic(seed, MARKETS, kills * FRAMES_PER_KILL);
    const expected = await undisturbed(traffic, WORKERS[0]);
    const output = new Output(expected.told);
    const folder = mkdtempSync(join(tmpdir(), 'millrace-t36-'));
    let ingestPort: number | null = null;
    const rest = traffic.frames.slice(MARKETS);
    const producer = new NamedProducer('p', rest, () => ingestPort, 1);
    const first = new NamedProducer('first', traffic.frames.slice(0, MARKETS), () => ingestPort);
    let producing: Promise<void> | null = null;
    const readyMs: number[] = [];
    const done = new Map<Moment, number>(MOMENTS.map((moment) => [moment, 0]));
    let [torn, underLoad] = [0, 0];
    try {
      for (let life = 0; ; life++) {
        const workers = ['--workers', String(WORKERS[life % WORKERS.length])];
        const engine = await EngineUnderTest.spawn([...workers, ...RUN_FLAGS, ...journalFlags(folder, CHECKPOINT_MS)]);
        const moment = life >= kills ? null : MOMENTS[life < 2 ? 0 : life % MOMENTS.length];
        if (moment === 'while it starts') {
          await sleep(random.integer(1_500));
          if (!engine.stderr.includes('/stream')) {
            await engine.kill();
            done.set(moment, (done.get(moment) ?? 0) + 1);
            continue;
          }
        }
        const beganMs = performance.now();
        await engine.ready();
        readyMs.push(performance.now() - beganMs);
        if (engine.stderr.includes('torn')) torn++;
        ingestPort = engine.ingestPort;
        if (life === 0) await first.run();
        const listener = await Listener.open(
          engine.port,
          life === 0 ? ['trade.*', 'book.*'] : numbered(traffic.markets),
        );
        producing ??= producer.run();
        if (moment === null) {
          await producing;
          const stats = await settled(engine);
          output.take(listener);
          listener.close();
          for (const sample of output.samples) log(sample);
          const state = await stateNow(engine, traffic.markets);
          await engine.stop();
          const differing = differingMarkets(state, expected.state);
          log(
            JSON.stringify({
              ...Object.fromEntries(done),
              differing,
              twice: output.twice,
              different: output.different,
              connections: producer.connections,
            }),
          );
          return outcome(differing.length, stats.total);
        }
        await sleep(100 + random.integer(500));
        if (moment === 'while a checkpoint is written') await checkpointBegun(folder);
        if (producer.acknowledged < rest.length) underLoad++;
        ingestPort = null;
        await engine.kill();
        await sleep(20);
        output.take(listener);
        listener.close();
        done.set(moment, (done.get(moment) ?? 0) + 1);
      }
    } finally {
      producer.stop();
      rmSync(folder, { recursive: true, force: true });
    }

    function outcome(differing: number, total: Readonly<Record<string, number>>) {
      const applied = total['bookChanges'] + total['tradeRecords'];
      return {
        injected: kills,
        detected: kills,
        falseAlarms: null,
        figures: [
          zeroOf('markets that differ from the undisturbed run', differing, MARKETS),
          zeroOf('messages acknowledged and not known to the next process', producer.forgotten === 0 ? 0 : 1, kills),
          zeroOf('messages of books and trades unlike those of the undisturbed run', output.different, output.compared),
          told(
            'messages told again by the next process, with the same number and content',
            output.twice,
            `of ${output.compared}`,
          ),
          ...MOMENTS.map((moment) => told(`kills ${moment}`, done.get(moment) ?? 0, `of ${kills}`)),
          told('kills while frames came, or were to come', underLoad, `of ${kills}`),
          told('starts that cut a torn tail', torn, `of ${kills}`),
          told('time until a process was ready again, p50', percentileOf(readyMs, 0.5), 'ms'),
          timedAtMost(
            size,
            'time until a process was ready again, p99',
            percentileOf(readyMs, 0.99),
            LIVE_MS_MAX,
            'ms',
          ),
        ],
        accounting: accountOf(traffic.frames.length, { applied }),
        knownHoles: [
          'What was told in the milliseconds before a kill may not be in the journal yet: its producer sends it again, and it is told again under its number.',
          'What was told in the last moments before a kill may not have reached the subscriber: it is told it as a snapshot when it comes again.',
        ],
        notes: [
          `${traffic.frames.length} frames over ${MARKETS} markets by one named producer, some 900/s; workers ${WORKERS.join(', ')} in turn; checkpoints each ${CHECKPOINT_MS} ms.`,
          'Segments begin with each process: kills while it starts are kills in the middle of that; T37 has those amid segments that follow one another.',
        ],
      };
    }
  },
};
