// `millrace export`: trades and bars of a running engine, or of recordings, into CSV or Parquet files.

import { accessSync, constants } from 'node:fs';
import { join, resolve } from 'node:path';
import type { StreamMessage } from '../../schemas/feed.ts';
import { UsageError } from '../base/errors.ts';
import { ClientError } from '../client/errors.ts';
import { createClient } from '../client/node.ts';
import { loadSettings, plansOf } from '../config.ts';
import { EngineSource } from '../export/engine-source.ts';
import { Exporter, type ExportSummary } from '../export/exporter.ts';
import { compressionOf, formatOf, rollOf, tablesOf } from '../export/options.ts';
import type { Compression, Format } from '../export/parts.ts';
import type { Kept } from '../export/state-file.ts';
import type { Table } from '../export/tables.ts';
import { errorSentence, isDiskError } from '../journal/disk-error.ts';
import { FolderLock } from '../journal/folder-lock.ts';
import { streamReplay } from '../recordings/replay-stream.ts';
import { packageVersion } from '../version.ts';
import { printJournal, requestOf, tellRefused, venueOf } from './replay.ts';

export type ExportFlags = {
  readonly out?: string;
  readonly target?: string;
  readonly token?: string;
  readonly format: string;
  readonly channels: string;
  readonly markets: string;
  readonly roll: string;
  readonly compression?: string;
  readonly from?: string;
  readonly to?: string;
  readonly venue?: string;
  readonly lateness?: string;
  readonly emptyBars?: string;
  readonly config?: string;
};

/** Runs until its source ends or a signal comes. */
type Run = (exporter: Exporter, stopped: AbortSignal) => Promise<void>;

const OWN_FLAGS = { engine: ['token'], files: ['from', 'to', 'venue', 'lateness', 'emptyBars', 'config'] } as const;

function requireSource(files: readonly string[], flags: ExportFlags): void {
  const hasFiles = files.length > 0;
  if (hasFiles === (flags.target !== undefined))
    throw new UsageError(
      `export: expected FILE, or --target of a running engine, was ${hasFiles ? 'both' : 'neither'}`,
    );
  const wrong = OWN_FLAGS[hasFiles ? 'engine' : 'files'].find((name) => flags[name] !== undefined);
  if (wrong === undefined) return;
  const name = wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(
    `--${name}: expected with ${hasFiles ? '--target' : 'FILE'} alone, was with ${hasFiles ? 'FILE' : '--target'}`,
  );
}

// ---- a running engine

function engineRun(flags: ExportFlags, tables: readonly Table[]): Run {
  const token = flags.token ?? process.env['MILLRACE_TOKEN'];
  const options = { url: flags.target ?? '', ...(token === undefined ? {} : { token }) };
  const made = ((): ReturnType<typeof createClient> => {
    try {
      return createClient(options);
    } catch (error) {
      if (error instanceof RangeError) throw new UsageError(error.message.replace('createClient: url:', '--target:'));
      throw error;
    }
  })();
  const tell = (sentence: string): void => void process.stderr.write(`millrace: ${sentence}\n`);
  made.onState(({ state }) => {
    if (state === 'reconnecting') tell('the connection to the engine is lost; trying again');
  });
  return async (exporter, stopped) => {
    const channels = tables.map(({ name }) => name);
    const source = new EngineSource({ client: made, exporter, channels, markets: flags.markets.split(','), tell });
    stopped.addEventListener('abort', () => source.stop());
    try {
      if (!stopped.aborted) await source.run();
    } finally {
      await made.close();
    }
  };
}

// ---- recordings

/** Settings of bars alone: an export needs no signals. */
function planSettings({ lateness, emptyBars, config }: ExportFlags, tables: readonly Table[]) {
  const bars = tables.flatMap(({ name }) => (name.startsWith('bar.') ? [name.slice('bar.'.length)] : []));
  return loadSettings({ bars: bars.length === 0 ? undefined : bars, signals: [], lateness, emptyBars, config }, {});
}

async function fileRun(files: readonly string[], flags: ExportFlags, tables: readonly Table[]): Promise<Run> {
  const plans = await plansOf(planSettings(flags, tables));
  const { from, to, markets } = flags;
  const request = requestOf({ from, to, markets, channels: tables.map(({ name }) => name).join(',') }, plans);
  const venue = venueOf(flags.venue);
  return async (exporter, stopped) => {
    const write = (lines: string): void => {
      if (stopped.aborted) return;
      for (const line of lines.split('\n')) if (line !== '') exporter.take(JSON.parse(line) as StreamMessage);
    };
    try {
      const streamed = await streamReplay({ files, venue, plans, request, speed: 0, write, stopped });
      for (const read of streamed.journals) process.stderr.write(`${printJournal(read)}\n`);
      tellRefused(streamed);
    } catch (error) {
      if (!stopped.aborted || isDiskError(error)) throw error;
    }
  };
}

/** What a folder keeps to. Rows before `--from` are in none of its files, and a later run could not tell them from repeats. */
function sourceOf(files: readonly string[], { target, from }: ExportFlags): string {
  if (target !== undefined) return target;
  const paths = files.map((file) => resolve(file)).join(' ');
  return from === undefined ? paths : `${paths} --from ${from}`;
}

/** Options that all rows of a folder have in common; of recordings, which are read again as a whole, also how files roll. */
function keptOf(flags: ExportFlags, format: Format, compression: Compression): Kept {
  const { target, roll, venue, lateness, emptyBars, config } = flags;
  if (target !== undefined) return { format, compression };
  const texts = { venue, lateness, 'empty-bars': emptyBars, config: config && resolve(config) };
  const given = Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]));
  return { format, compression, roll, ...Object.fromEntries(given) };
}

// ---- both

/** Resolves when the first signal comes; at the second nothing is waited for, and the next run finishes what is left. */
function untilSignal(): AbortSignal {
  const stopping = new AbortController();
  const signalled = (): void => {
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort();
  };
  process.on('SIGTERM', signalled);
  process.on('SIGINT', signalled);
  return stopping.signal;
}

function asUsage(folder: string, error: unknown): unknown {
  if (error instanceof UsageError && !error.message.startsWith('journal:')) return error;
  if (error instanceof UsageError)
    return new UsageError(`--out: expected a folder that no other export uses, was ${folder}`);
  return isDiskError(error)
    ? new UsageError(`--out: expected a folder that can be written, was ${folder} (${errorSentence(error)})`)
    : error;
}

function lockOf(folder: string): FolderLock {
  try {
    const own = Exporter.ownFolder(folder);
    accessSync(own, constants.W_OK);
    return FolderLock.take(own);
  } catch (error) {
    throw asUsage(folder, error);
  }
}

/** Resolves with the exit code; the last line on stdout is a JSON summary. */
export async function exportData(files: readonly string[], flags: ExportFlags): Promise<number> {
  requireSource(files, flags);
  if (flags.out === undefined) throw new UsageError('--out: expected a folder for the files, was missing');
  const folder = resolve(flags.out);
  const format = formatOf(flags.format);
  const tables = tablesOf(flags.channels);
  const compression = compressionOf(flags.compression, format);
  const roll = rollOf(flags.roll);
  const run = flags.target === undefined ? await fileRun(files, flags, tables) : engineRun(flags, tables);
  const source = sourceOf(files, flags);
  // From here on there is a folder to leave in order.
  const stopped = untilSignal();
  const lock = lockOf(folder);
  const beganMs = performance.now();
  try {
    const createdBy = `millrace ${packageVersion()}`;
    const kept = keptOf(flags, format, compression);
    const exporter = await Exporter.open({ folder, format, compression, createdBy, source, kept, tables, ...roll });
    await run(exporter, stopped);
    const summary = await exporter.close();
    if (flags.target === undefined) tellRepeated(summary);
    print(folder, summary, beganMs);
    return 0;
  } catch (error) {
    return failed(folder, error);
  } finally {
    lock.release();
  }
}

function tellRepeated({ rows, repeated }: ExportSummary): void {
  const isNothing = Object.values(rows).every((count) => count === 0) && repeated > 0;
  if (isNothing) process.stderr.write(`millrace: nothing new: all ${repeated} rows are in --out already\n`);
}

function print(folder: string, summary: ExportSummary, beganMs: number): void {
  const duration_seconds = (performance.now() - beganMs) / 1000;
  process.stdout.write(`${JSON.stringify({ out: folder, ...summary, duration_seconds })}\n`);
}

/** What went wrong on the disk or with the engine is no wrong usage: rows so far stay, and the next run goes on from them. */
function failed(folder: string, error: unknown): number {
  const place = join(folder, '.millrace');
  if (isDiskError(error))
    process.stderr.write(`millrace: --out ${folder}: ${errorSentence(error)}; rows so far are kept in ${place}\n`);
  else if (error instanceof ClientError) process.stderr.write(`millrace: --target: ${error.message}\n`);
  else throw error;
  return 1;
}
