// `millrace replay FILE …`: feeds recordings through the engine's own path and prints what came of them.

import { writeFile } from 'node:fs/promises';
import { MARKETS_MAX } from '../../schemas/config.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { UsageError } from '../base/errors.ts';
import type { MarketPlans } from '../base/market-plans.ts';
import { loadSettings, plansOf, type Settings } from '../config.ts';
import { isDialect } from '../decode/registry.ts';
import type { JournalRead } from '../ingress/journal-source.ts';
import {
  type ReplayRequest,
  ReplayRequestError,
  type ReplayTexts,
  replayRequestOf,
} from '../publish/replay-request.ts';
import { LineOutput } from '../recordings/line-output.ts';
import { type ReplayResult, replayFiles } from '../recordings/replay.ts';
import type { MarketReport } from '../recordings/replay-report.ts';
import { type ReplayStreamed, streamReplay } from '../recordings/replay-stream.ts';

export type ReplayFlags = {
  readonly venue?: string;
  readonly speed: string;
  readonly depth: string;
  readonly bars?: string[];
  readonly signals?: string[];
  readonly signal?: string[];
  readonly emptyBars?: string;
  readonly lateness?: string;
  readonly config?: string;
  readonly workers: string;
  readonly json?: string;
  readonly ndjson?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly markets?: string;
  readonly channels?: string;
};

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`${flag}: expected a whole number from ${least} to ${most}, was ${JSON.stringify(text)}`);
  }
  return value;
}

function speedOf(text: string): number {
  if (text === 'max') return 0;
  const value = Number(text);
  if (!(value > 0 && value <= 1e6))
    throw new UsageError(`--speed: expected max or a number above 0, was ${JSON.stringify(text)}`);
  return value;
}

/** Null where it is not given: journals tell it themselves. */
export function venueOf(text: string | undefined): Dialect | null {
  if (text === undefined) return null;
  if (!isDialect(text)) throw new UsageError(`--venue: expected a known venue, was ${JSON.stringify(text)}`);
  return text;
}

function printMarket(name: string, market: MarketReport): string {
  const lines = [
    `${name}  ${market.state}${market.reason === null ? '' : ` (${market.reason})`}  seq ${market.seq}  gaps ${market.gaps}  checksums ${market.checksums.ok} ok ${market.checksums.bad} bad  trades ${market.trades}`,
    `  bids ${market.levels.bids}  best ${market.bids[0]?.join(' × ') ?? '–'}    asks ${market.levels.asks}  best ${market.asks[0]?.join(' × ') ?? '–'}`,
  ];
  for (const [kind, bars] of Object.entries(market.bars)) {
    const last = bars.at(-1);
    lines.push(
      last === undefined
        ? `  ${kind}  no bars`
        : `  ${kind}  ${bars.length} bars, last ${last.startTimestamp} o ${last.open} h ${last.high} l ${last.low} c ${last.close} v ${last.volume} ${last.isFinal ? 'final' : 'forming'}`,
    );
  }
  return lines.join('\n');
}

/** What of a journal is no market's: how much was read, and what is missing. */
export function printJournal({ damages, damageCount, ...read }: JournalRead): string {
  for (const damage of damages) process.stderr.write(`millrace: journal ${read.file}: ${damage}\n`);
  const untold = damageCount - damages.length;
  if (untold > 0) process.stderr.write(`millrace: journal ${read.file}: and ${untold} damaged places more\n`);
  const parts = [
    `journal ${read.file}  entries ${read.firstSequence} to ${read.lastSequence}  frames ${read.frames}`,
    `damaged places ${damageCount}  entries missing ${read.missing}`,
  ];
  if (read.dropped > 0) parts.push(`dropped by the engine and applied here ${read.dropped}`);
  if (read.repeated > 0) parts.push(`repeats left out ${read.repeated}`);
  if (read.unplaced > 0) parts.push(`records of unknown markets left out ${read.unplaced}`);
  return parts.join('  ');
}

function print(result: ReplayResult): void {
  for (const [name, market] of Object.entries(result.markets)) process.stdout.write(`${printMarket(name, market)}\n`);
  for (const read of result.journals ?? []) process.stdout.write(`${printJournal(read)}\n`);
  const rejected = Object.entries(result.rejected).map(([category, count]) => `${category} ${count}`);
  process.stdout.write(
    `frames ${result.frames}  applied ${result.applied}  control ${result.control}  ignored ${result.ignored}  unknown ${result.unknown}  rejected ${rejected.length === 0 ? '0' : rejected.join(', ')}\nhash ${result.hash}\n`,
  );
}

/** Settings of the engine's own that a replay shares. Not from the environment: the result is told by the command alone. */
function planSettings({ bars, signals, signal, emptyBars, lateness, config }: ReplayFlags): Settings {
  return loadSettings({ bars, signals, signal, emptyBars, lateness, config }, {});
}

/** What the stream alone takes, or the end alone, is refused with the other. */
function requireOne(flags: ReplayFlags): void {
  const others = flags.ndjson === true ? (['json'] as const) : (['from', 'to', 'markets', 'channels'] as const);
  const wrong = others.find((name) => flags[name] !== undefined);
  if (wrong === undefined) return;
  const sentence =
    flags.ndjson === true ? 'without --ndjson alone, was beside it' : 'with --ndjson alone, was without it';
  throw new UsageError(`--${wrong}: expected ${sentence}`);
}

/** Frames of another venue than was said make no lines: nothing else would tell. */
export function tellRefused({ frames, unknown, rejected }: ReplayStreamed): void {
  const counts = Object.entries({ ...(unknown > 0 ? { unknown } : {}), ...rejected });
  if (counts.length === 0) return;
  const told = counts.map(([category, count]) => `${category} ${count}`).join(', ');
  process.stderr.write(`millrace: of ${frames} frames some were not taken: ${told}\n`);
}

async function replayLines(files: readonly string[], flags: ReplayFlags, plans: MarketPlans): Promise<number> {
  const out = new LineOutput(process.stdout);
  try {
    const streamed = await streamReplay({
      ...{ files, plans, request: requestOf(flags, plans), write: (text: string) => out.write(text) },
      venue: venueOf(flags.venue),
      speed: speedOf(flags.speed),
    });
    const { lines, journals, gaps } = streamed;
    for (const read of journals) process.stderr.write(`${printJournal(read)}\n`);
    tellRefused(streamed);
    process.stderr.write(`lines ${lines}${gaps === 0 ? '' : `  of them gaps ${gaps}`}\n`);
  } catch (error) {
    // As with any filter: whoever read has enough.
    if (!out.isClosed) throw error;
  }
  return 0;
}

/** Options as the address of /v1/replay has them. */
export function requestOf(flags: ReplayTexts, plans: MarketPlans): ReplayRequest {
  const named = { bars: plans.barKinds.map(({ name }) => name), signals: plans.signals.map(({ name }) => name) };
  try {
    return replayRequestOf(flags, named);
  } catch (error) {
    if (error instanceof ReplayRequestError) throw new UsageError(`--${error.message}`);
    throw error;
  }
}

export async function replay(files: readonly string[], flags: ReplayFlags): Promise<number> {
  requireOne(flags);
  if (flags.ndjson === true) {
    wholeNumber('--workers', flags.workers, 1, 64);
    return replayLines(files, flags, await plansOf(planSettings(flags)));
  }
  const result = await replayFiles({
    files,
    venue: venueOf(flags.venue),
    speed: speedOf(flags.speed),
    workers: wholeNumber('--workers', flags.workers, 1, 64),
    marketsMax: MARKETS_MAX,
    plans: await plansOf(planSettings(flags)),
    depth: wholeNumber('--depth', flags.depth, 0, 1_000_000),
  });
  if (flags.json !== undefined) {
    await writeFile(flags.json, `${JSON.stringify(result)}\n`).catch((error: Error) => {
      throw new UsageError(`--json ${flags.json}: expected a writable file, was: ${error.message}`);
    });
  }
  print(result);
  return 0;
}
