// Runs recordings through ingress, rings and shards, and gathers what came of them.

import { createHash } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { INGRESS_COUNTERS, ingressCounter } from '../../schemas/counters.ts';
import { type Dialect, REJECTION_NAMES } from '../../schemas/ids.ts';

import type { ClockAnchor } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import { acceptsOf, type MarketPlans } from '../base/market-plans.ts';
import { Ingress } from '../ingress/ingress.ts';
import type { JournalRead } from '../ingress/journal-source.ts';
import { journalAt } from '../ingress/recorded-journal.ts';
import { firstTimeUs } from '../ingress/recording.ts';
import { createEngineMemory, type EngineMemory } from '../memory/engine-memory.ts';
import { ShardPool } from '../pool/pool.ts';
import { type MarketReport, ReplayReports } from './replay-report.ts';

export type RecordedFiles = {
  readonly files: readonly string[];
  /** Of files that do not tell it themselves; journals do. */
  readonly venue: Dialect | null;
};

export type ReplayOptions = RecordedFiles & {
  readonly speed: number;
  readonly workers: number;
  readonly marketsMax: number;
  readonly plans: MarketPlans;
  /** Levels a side in the result; 0 is every one. The hash always covers every one. */
  readonly depth: number;
  /** Slots of each input ring, for tests of small ones. */
  readonly inputSlots?: number;
};

export type ReplayResult = {
  readonly hash: string;
  readonly frames: number;
  readonly applied: number;
  readonly control: number;
  readonly ignored: number;
  readonly unknown: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly markets: Readonly<Record<string, MarketReport>>;
  /** What was read of each journal, where there were any. */
  readonly journals?: readonly JournalRead[];
};

/** Anchor of a recording without times: any that lies before it will do, since venue times stand in for receive times. */
const TIMELESS_ANCHOR_US = Date.UTC(2020, 0, 1) * 1000;

/** Engine time 0 stands for no time, so the first frame must come after it. */
const ANCHOR_LEAD_US = 1_000_000;

/** Engine time zero of a replay, and the first moment of its files; null where they tell no times. */
export async function anchorOf(files: readonly string[]): Promise<{ anchor: ClockAnchor; firstUs: number | null }> {
  const firstUs = await firstTimeUs(files);
  const wallUs = firstUs === null ? TIMELESS_ANCHOR_US : firstUs - ANCHOR_LEAD_US;
  return { anchor: { hrtimeNs: Number(process.hrtime.bigint()), wallUs }, firstUs };
}

/** Rejects with a UsageError where a file cannot be read, or nothing tells whose frames it has. */
export async function requireReadable(files: readonly string[], venue: Dialect | null): Promise<void> {
  if (files.length === 0) throw new UsageError('replay: expected at least one FILE, was none');
  for (const file of files) {
    await access(file, constants.R_OK).catch((error: Error) => {
      throw new UsageError(`recording ${file}: expected a readable file, was: ${error.message}`);
    });
    if (journalAt(file) === null && venue === null)
      throw new UsageError(`--venue: expected the venue of the recording ${file}, was missing`);
  }
}

/** Frames that were refused, by category; empty for none. */
export function rejectedOf(counters: Float64Array): Record<string, number> {
  const rejected: Record<string, number> = {};
  for (const name of REJECTION_NAMES) {
    if (name === '') continue;
    const count = counters[INGRESS_COUNTERS.findIndex((counter) => counter.name === name)];
    if (count > 0) rejected[name] = count;
  }
  return rejected;
}

/** SHA-256 of the markets as they stand with every level; anyone can compute it again from the `--depth 0` file. */
export function hashMarkets(markets: Readonly<Record<string, MarketReport>>): string {
  return createHash('sha256').update(JSON.stringify(markets)).digest('hex');
}

function cut(market: MarketReport, depth: number): MarketReport {
  return depth === 0 ? market : { ...market, bids: market.bids.slice(0, depth), asks: market.asks.slice(0, depth) };
}

/** Sorted by name in code-unit order; a market's name is no number, so an object keeps the order. */
function sorted(entries: readonly (readonly [string, MarketReport])[]): Record<string, MarketReport> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Ran = { readonly markets: Record<string, MarketReport>; readonly journals: readonly JournalRead[] };

async function run(memory: EngineMemory, options: ReplayOptions): Promise<Ran> {
  const pool = await ShardPool.start(memory, {
    plans: options.plans,
    isReplay: true,
    isGcMeasured: false,
    onEvent: (sentence) => process.stderr.write(`millrace: ${sentence}\n`),
  });
  const ingress = new Ingress({
    memory,
    listen: null,
    feeds: [],
    accepts: acceptsOf(options.plans),
    replay: { files: options.files, venue: options.venue, speed: options.speed },
  });
  try {
    const failed = pool.failed();
    const counts = await Promise.race([ingress.replayed(), failed]);
    const results = await Promise.race([pool.stop(), failed]);
    const reports = new ReplayReports(memory, options.plans);
    const markets = sorted(results.flatMap((result) => result.markets.map((dump) => reports.of(dump))));
    return { markets, journals: counts.journals };
  } catch (error) {
    await ingress.end();
    await pool.destroy();
    throw error;
  } finally {
    await pool.close();
  }
}

/** Replays the files. Rejects with a UsageError where one cannot be read. */
export async function replayFiles(options: ReplayOptions): Promise<ReplayResult> {
  await requireReadable(options.files, options.venue);
  const { anchor } = await anchorOf(options.files);
  const sizes = { shards: options.workers, marketsMax: options.marketsMax };
  const memory = createEngineMemory(
    options.inputSlots === undefined ? sizes : { ...sizes, inputSlots: options.inputSlots },
    anchor,
  );
  const { markets: whole, journals } = await run(memory, options);
  const counters = new Float64Array(memory.ingressCounters);
  return {
    hash: hashMarkets(whole),
    frames: counters[ingressCounter.frames],
    applied: counters[ingressCounter.applied],
    control: counters[ingressCounter.control],
    ignored: counters[ingressCounter.ignored],
    unknown: counters[ingressCounter.unknown],
    rejected: rejectedOf(counters),
    markets: Object.fromEntries(Object.entries(whole).map(([name, market]) => [name, cut(market, options.depth)])),
    ...(journals.length === 0 ? {} : { journals }),
  };
}
