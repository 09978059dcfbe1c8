// Does an engine grow over a long run, and how long does it stand still for garbage collection?
//
//   sender on schedule, 100,000 frames/s ──ws──► engine (a process of its own) ──/v1/stats each second──► here
//
// Memory is the engine's resident memory after the warm-up, in stretches: the last is compared with the first, and a line
// is laid through all. Pauses are those the engine counts itself, by thread. `millrace load` runs longer ones.

import { fork } from 'node:child_process';
import { availableParallelism, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { entryUrl } from '../../engine/base/entry.ts';
import { openFrameSocket, write } from '../../engine/load/frame-socket.ts';
import { latencyValueAt } from '../../engine/observe/latency.ts';
import { countsFromJson, countsSince, type StageCounts } from '../../engine/observe/latency-counts.ts';
import type { ProcessReport } from '../../engine/publish/process-facts.ts';
import { check, type Results, type Size } from '../harness.ts';
import { EndlessFrames } from './endless-frames.ts';
import type { EnginePorts } from './engine-process.ts';
import { stretches, trendOf } from './trend.ts';

const MARKETS = 100;
const BLOCKS_PER_S = 10;
const SAMPLE_MS = 1000;
const STRETCHES = 6;
const MEGABYTE = 1e6;
const NS_PER_MS = 1e6;
const AIM_GROWTH_MB = '< 10';
const AIM_PAUSE_MS = '≤ 5';

type Plan = { readonly ratePerS: number; readonly warmUpS: number; readonly measuredS: number };
const PLANS: Readonly<Record<Size, Plan>> = {
  full: { ratePerS: 100_000, warmUpS: 30, measuredS: 90 },
  smoke: { ratePerS: 2_000, warmUpS: 0.3, measuredS: 0.9 },
};

type Stats = {
  readonly total: Readonly<Record<'trades' | 'frames' | 'gaps' | 'drops' | 'duplicates' | 'lost', number>>;
  readonly process: ProcessReport;
};
type Sample = { readonly facts: ProcessReport };

async function statsOf(port: number): Promise<Stats> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/stats?markets=0`);
  return (await response.json()) as Stats;
}

/** Sends blocks at their times until told to stop; returns the frames sent. */
async function sendUntil(port: number, { ratePerS }: Plan, isOver: () => boolean): Promise<number> {
  const frames = new EndlessFrames(MARKETS, Math.round(ratePerS / BLOCKS_PER_S / MARKETS / 2));
  const socket = await openFrameSocket(port, '/ingest/binance');
  await write(socket, frames.snapshots);
  const start = performance.now();
  let blocks = 0;
  for (; !isOver(); blocks++) {
    const dueMs = start + (blocks * 1000) / BLOCKS_PER_S;
    await delay(Math.max(0, dueMs - performance.now()));
    await write(socket, frames.next());
  }
  await new Promise<void>((resolve) => socket.end(resolve));
  return blocks * frames.framesPerBlock;
}

/** At least two samples for each stretch, however long it takes. */
async function sampleFor(port: number, seconds: number, everyMs: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || samples.length < 2 * STRETCHES) {
    await delay(everyMs);
    samples.push({ facts: (await statsOf(port)).process });
  }
  return samples;
}

async function allTaken(port: number, sent: number): Promise<Stats> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const stats = await statsOf(port);
    if (stats.total.trades >= sent / 2) return stats;
    check(performance.now() < deadline, `growth: expected ${sent / 2} trades, stuck at ${stats.total.trades}`);
    await delay(100);
  }
}

type Run = {
  readonly samples: readonly Sample[];
  readonly sent: number;
  readonly end: Stats;
  readonly seconds: number;
};

async function run({ port, ingestPort }: EnginePorts, plan: Plan): Promise<Run> {
  let isOver = false;
  const sending = sendUntil(ingestPort, plan, () => isOver);
  const everyMs = Math.min(SAMPLE_MS, (plan.measuredS * 1000) / STRETCHES / 2);
  const start = performance.now();
  await sampleFor(port, plan.warmUpS, everyMs);
  const samples = await sampleFor(port, plan.measuredS, everyMs);
  isOver = true;
  const sent = await sending;
  const seconds = (performance.now() - start) / 1000;
  return { samples, sent, end: await allTaken(port, sent), seconds };
}

function checkWhole({ end: { total }, sent }: Run): void {
  // Half the frames are trades; the books' snapshots come on top.
  check(total.trades === sent / 2, `growth: expected ${sent / 2} trades, was ${total.trades}`);
  check(total.frames === sent + MARKETS, `growth: expected ${sent + MARKETS} frames, was ${total.frames}`);
  for (const name of ['gaps', 'drops', 'duplicates', 'lost'] as const)
    check(total[name] === 0, `growth: expected no ${name}, was ${total[name]}`);
}

/** The value, and the interval around it, as a row's values. */
const around = (value: number, margin: number): number[] => [value - margin, value, value + margin];

function addGrowth(results: Results, { samples }: Run, plan: Plan): void {
  const memory = {
    resident: (facts: ProcessReport) => facts.rssBytes,
    "main thread's heap": (facts: ProcessReport) => facts.heapUsedBytes,
    "main thread's buffers": (facts: ProcessReport) => facts.externalBytes,
  };
  const minutes = plan.measuredS / 60;
  for (const [name, of] of Object.entries(memory)) {
    const means = stretches(
      samples.map(({ facts }) => of(facts) / MEGABYTE),
      STRETCHES,
    );
    const { slope, margin } = trendOf(means);
    const perMinute = STRETCHES / minutes;
    if (name === 'resident') results.add('growth: resident memory, at the start', 'MB', [means[0]]);
    const aim = name === 'resident' ? AIM_GROWTH_MB : null;
    results.add(`growth: ${name}, first to last sixth`, 'MB', [means[STRETCHES - 1] - means[0]], null, aim);
    results.add(`growth: ${name}, slope and 95 % interval`, 'MB/minute', around(slope * perMinute, margin * perMinute));
  }
}

function pausesBetween(first: ProcessReport, last: ProcessReport): { thread: string; counts: StageCounts }[] {
  return last.gc.map(({ thread, pauses }, i) => ({
    thread,
    counts: countsSince(countsFromJson(pauses), countsFromJson(first.gc[i].pauses)),
  }));
}

/** 0 without any. */
function medianNs({ count, counts }: StageCounts): number {
  let passed = 0;
  for (let index = 0; index < counts.length && count > 0; index++) {
    passed += counts[index];
    if (passed * 2 >= count) return latencyValueAt(index);
  }
  return 0;
}

/** Pauses are wall time: where other programs want the same cores, a collection waits for its turn as all else does. */
function addPauses(results: Results, { samples, end }: Run, plan: Plan): void {
  const minutes = plan.measuredS / 60;
  const load = loadavg()[0].toFixed(1);
  results.note(`pauses are wall time; the machine's load was ${load} on ${availableParallelism()} processors`);
  for (const { thread, counts } of pausesBetween(samples[0].facts, end.process)) {
    const aim = thread === 'main' ? null : AIM_PAUSE_MS;
    results.add(`pauses of ${thread}: longest`, 'ms', [counts.maxNs / NS_PER_MS], null, aim);
    results.add(`pauses of ${thread}: median`, 'ms', [medianNs(counts) / NS_PER_MS]);
    results.add(`pauses of ${thread}: collections`, 'per minute', [counts.count / minutes]);
    results.add(`pauses of ${thread}: share of the time`, '%', [counts.sumNs / NS_PER_MS / plan.measuredS / 10]);
  }
}

export async function growth(results: Results, size: Size): Promise<void> {
  const plan = PLANS[size];
  const child = fork(fileURLToPath(entryUrl('./engine-process.ts', import.meta.url)));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  try {
    const ports = await new Promise<EnginePorts>((resolve, reject) => {
      child.once('message', (message) => resolve(message as EnginePorts));
      child.once('exit', (code) => reject(new Error(`growth: expected an engine, it ended with ${code}`)));
    });
    const ran = await run(ports, plan);
    checkWhole(ran);
    results.add('growth: frames taken', 'frames', [ran.sent]);
    results.add('growth: rate', 'frames/s', [ran.sent / ran.seconds]);
    addGrowth(results, ran, plan);
    addPauses(results, ran, plan);
  } finally {
    if (child.connected) child.disconnect();
    await exited;
  }
}
