// `millrace record`: raw frames of venues or of a running engine into a journal, for a while or until a signal; and journals into
// session lines.

import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { durationMsOf } from '../base/unit-text.ts';
import { loadSettings, type Settings } from '../config.ts';
import { journalAt, type RecordedJournal } from '../ingress/recorded-journal.ts';
import type { Engine } from '../main.ts';
import { createLog, type Log } from '../observe/log.ts';
import { type Converted, convertJournal, dialectsOf } from '../recordings/convert-journal.ts';
import { journalNumbers, type RecordingSummary, startRecorder, summarise } from '../recordings/record.ts';
import { recordEngine } from './record-engine.ts';
import { StatusLine } from './status-line.ts';

export type RecordFlags = {
  readonly out?: string;
  readonly duration?: string;
  readonly format?: string;
  readonly convert?: string;
  readonly venue?: string;
  readonly journalBytes?: string;
  /** A running engine, in place of venues. */
  readonly target?: string;
  readonly token?: string;
  readonly from?: string;
  /** Settings that it shares with `start`. */
  readonly feed?: string[];
  readonly venueUrl?: string[];
  readonly venueToken?: string[];
  readonly venueProxy?: string;
  readonly venueCa?: string;
  readonly journalSync?: string;
  readonly logLevel?: string;
  readonly config?: string;
};

const FORMATS = ['journal', 'ndjson'];
/** What a timer of the system can wait for. */
const DURATION_MS_MAX = 2 ** 31 - 1;
const STATUS_MS_TERMINAL = 1_000;
const STATUS_MS_LOGGED = 10_000;

/** Null until a signal. */
function durationOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const ms = durationMsOf(text) ?? Number.NaN;
  if (!(ms >= 1 && ms <= DURATION_MS_MAX))
    throw new UsageError(`--duration: expected 1ms to 596h, such as 60s, was ${JSON.stringify(text)}`);
  return ms;
}

function outOf({ out }: RecordFlags, what: string): string {
  if (out === undefined || out === '') throw new UsageError(`--out: expected ${what}, was missing`);
  return out;
}

function isAlsoLines({ format = 'journal' }: RecordFlags): boolean {
  if (!FORMATS.includes(format))
    throw new UsageError(`--format: expected ${FORMATS.join(' or ')}, was ${JSON.stringify(format)}`);
  return format === 'ndjson';
}

function settingsOf(flags: RecordFlags): Settings {
  const { out, duration, format, convert, venue, target, token, from, ...given } = flags;
  return loadSettings(given, process.env);
}

/** Sentences about what lines could not say. */
function tellConverted({ file, damages, notText }: Converted): void {
  for (const damage of damages) process.stderr.write(`millrace: ${file}: not told in its lines: ${damage}\n`);
  if (notText > 0) process.stderr.write(`millrace: ${file}: ${notText} frames are no UTF-8 text and are written so\n`);
}

// ---- conversion

function dialectOf(journal: RecordedJournal, venue: string | undefined): string {
  const dialects = dialectsOf(journal);
  if (venue === undefined && dialects.length === 1) return dialects[0];
  if (venue !== undefined && dialects.includes(venue)) return venue;
  const was = venue === undefined ? 'missing' : JSON.stringify(venue);
  const held = dialects.length === 0 ? 'no frame' : dialects.join(', ');
  throw new UsageError(`--venue: expected one of those that ${journal.path} holds (${held}), was ${was}`);
}

async function convert(path: string, flags: RecordFlags): Promise<number> {
  if (flags.feed !== undefined || flags.duration !== undefined)
    throw new UsageError('--convert: expected no --feed and no --duration beside it, was one');
  if (flags.target !== undefined) throw new UsageError('--convert: expected no --target beside it, was one');
  const out = outOf(flags, 'a file for the lines, such as session.ndjson.gz');
  const journal = journalAt(path);
  if (journal === null) throw new UsageError(`--convert ${path}: expected a journal, was another file`);
  const converted = await convertJournal(journal, dialectOf(journal, flags.venue), out);
  tellConverted(converted);
  process.stdout.write(`${JSON.stringify({ ...converted, damages: converted.damages.length })}\n`);
  return 0;
}

// ---- recording

class RecordStatus {
  private readonly engine: Engine;
  private readonly line: StatusLine;
  private readonly timer: NodeJS.Timeout;
  private readonly log: Log;

  constructor(engine: Engine, log: Log) {
    this.engine = engine;
    this.log = log;
    this.line = new StatusLine(engine.memory, process.stderr, log);
    this.timer = setInterval(() => this.show(), process.stderr.isTTY ? STATUS_MS_TERMINAL : STATUS_MS_LOGGED);
  }

  private show(): void {
    const { bytes, missed } = journalNumbers(this.engine);
    if (!process.stderr.isTTY) {
      this.log.info({ ...this.line.figures(), recordedBytes: bytes, missed }, 'recording');
      return;
    }
    const lost = missed === 0 ? '' : `  ${missed} entries missed`;
    process.stderr.write(`\r\x1b[2K${this.line.text()}  recorded ${(bytes / 1e6).toFixed(1)} MB${lost}`);
  }

  stop(): void {
    clearInterval(this.timer);
    if (process.stderr.isTTY) process.stderr.write('\n');
  }
}

/** Resolves with true at a second signal, which waits for nothing. */
function untilEnd(durationMs: number | null): { readonly over: Promise<void>; readonly again: Promise<void> } {
  let end = (): void => undefined;
  let force = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  const again = new Promise<void>((resolve) => (force = resolve));
  let signals = 0;
  const signalled = (): void => (++signals > 1 ? force() : end());
  process.on('SIGTERM', signalled);
  process.on('SIGINT', signalled);
  if (durationMs !== null) setTimeout(end, durationMs).unref();
  return { over, again };
}

/** process.exit() with the ingress app open aborts (RELIABILITY §1). */
async function leave(engine: Engine): Promise<never> {
  if (await engine.releaseIngress()) process.exit(1);
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

async function linesOf(folder: string): Promise<Converted[]> {
  const journal = journalAt(folder);
  if (journal === null) return [];
  const made: Converted[] = [];
  for (const dialect of dialectsOf(journal)) {
    made.push(await convertJournal(journal, dialect, join(folder, `${dialect}.ndjson.gz`)));
    tellConverted(made[made.length - 1]);
  }
  return made;
}

/** What makes a recording less than it should be; a sentence for each. */
function faultsOf({ frames, damages }: RecordingSummary, missed: number, isForced: boolean): string[] {
  return [
    ...damages,
    ...(missed > 0 ? [`${missed} entries found no room and are missing: the disk is too slow or full`] : []),
    ...(frames === 0 ? ['no frame came'] : []),
    ...(isForced ? ['the engine did not end in time: what it had not written is missing'] : []),
  ];
}

/** What is told of a recording at its end: faults on stderr, all else on stdout. Resolves with the exit code. */
async function tellRecorded(
  folder: string,
  isLines: boolean,
  summary: RecordingSummary,
  faults: readonly string[],
  figures: object,
): Promise<number> {
  const files = isLines ? (await linesOf(folder)).map(({ file, lines }) => ({ file, lines })) : undefined;
  for (const fault of faults) process.stderr.write(`millrace: ${folder}: ${fault}\n`);
  process.stdout.write(
    `${JSON.stringify({ ...summary, damages: summary.damages.length, ...figures, ...(files && { files }) })}\n`,
  );
  return faults.length === 0 ? 0 : 1;
}

type Recording = {
  readonly folder: string;
  readonly durationMs: number | null;
  readonly isLines: boolean;
  readonly settings: Settings;
  /** What is kept of it, the newest; null keeps all. */
  readonly bytesMax: number | null;
};

function recordingOf(flags: RecordFlags, source: '--feed' | '--target'): Recording {
  const folder = outOf(flags, 'a folder for the recording');
  const durationMs = durationOf(flags.duration);
  const isLines = isAlsoLines(flags);
  if (flags.venue !== undefined) throw new UsageError(`--venue: expected with --convert alone, was with ${source}`);
  const settings = settingsOf(flags);
  return {
    folder,
    durationMs,
    isLines,
    settings,
    bytesMax: flags.journalBytes === undefined ? null : settings.journalBytes,
  };
}

async function recordTarget(flags: RecordFlags): Promise<number> {
  if (flags.feed !== undefined) throw new UsageError('--target: expected no --feed beside it, was one');
  const { folder, durationMs, isLines, settings, bytesMax } = recordingOf(flags, '--target');
  const beganMs = performance.now();
  const { over, again } = untilEnd(durationMs);
  const recorded = await recordEngine(flags, { folder, settings, bytesMax, over, again });
  const { missed, reconnects } = recorded;
  const summary = summarise(folder);
  const faults = [...faultsOf(summary, 0, false), ...recorded.faults];
  const figures = { missed, reconnects, duration_seconds: (performance.now() - beganMs) / 1000 };
  return tellRecorded(folder, isLines, summary, faults, figures);
}

async function recordVenues(flags: RecordFlags): Promise<number> {
  for (const name of ['from', 'token'] as const)
    if (flags[name] !== undefined) throw new UsageError(`--${name}: expected with --target alone, was without`);
  const { folder, durationMs, isLines, settings, bytesMax } = recordingOf(flags, '--feed');
  const log = createLog(settings.logLevel);
  const engine = await startRecorder(settings, folder, bytesMax, log);
  const beganMs = performance.now();
  const { over, again } = untilEnd(durationMs);
  process.stderr.write(`millrace: recording ${settings.feed.join(' ')} to ${folder}\n`);
  const status = new RecordStatus(engine, log);
  await over;
  status.stop();
  const ended = await Promise.race([engine.stop(), again.then(() => null)]);
  if (ended === null) return leave(engine);
  const { missed } = journalNumbers(engine);
  const summary = summarise(folder);
  const faults = faultsOf(summary, missed, ended.forced);
  const duration_seconds = (performance.now() - beganMs) / 1000;
  const code = await tellRecorded(folder, isLines, summary, faults, { missed, duration_seconds });
  return ended.forced ? leave(engine) : code;
}

/** Resolves with the exit code; the last line on stdout is a JSON summary. */
export function record(flags: RecordFlags): Promise<number> {
  if (flags.convert !== undefined) return convert(flags.convert, flags);
  return flags.target === undefined ? recordVenues(flags) : recordTarget(flags);
}
