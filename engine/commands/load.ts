// `millrace load`: an open-loop load test of a running engine, or of one it starts, with a report and a verdict.

import { access, constants, mkdir } from 'node:fs/promises';
import { UsageError } from '../base/errors.ts';
import { runLoadTest } from '../load/load-test.ts';
import { type LoadFlags, type LoadOptions, loadOptionsOf } from '../load/options.ts';
import { buildReport, type LoadReport } from '../report/load-report.ts';
import type { LoadRun } from '../report/load-run.ts';
import { SAMPLES_BEYOND_MIN } from '../report/percentiles.ts';
import { reportText } from '../report/text.ts';
import { DEFAULT_THRESHOLDS, parseThreshold, type Threshold } from '../report/threshold.ts';
import { writeReport } from '../report/writer.ts';

const EXIT_FAILED = 1;
/** Of a process that a signal ended (128 + SIGINT). */
const EXIT_INTERRUPTED = 130;
/** Fewer samples than this have no p99. */
const P99_SAMPLES = SAMPLES_BEYOND_MIN * 100;

/** What was asked for; else the floor every engine must clear, as far as the run can show it. */
function thresholdsOf(
  asked: readonly Threshold[],
  { run, counts }: LoadRun,
  { searchP99Ns }: LoadOptions,
  engineFailure: string | null,
): Threshold[] {
  // An engine that has gone is no pass, whatever was asked of it: its producers' connections are lost with it.
  const alive = engineFailure === null ? [] : [parseThreshold('generator.disconnects==0')];
  // Nor is a search that found nothing: a rate can fail to be sustained by what no other threshold looks at.
  const found = searchP99Ns === null ? [] : [parseThreshold('search.highestRate>0')];
  if (asked.length > 0) return [...asked, ...found, ...alive];
  const floor = DEFAULT_THRESHOLDS.filter(({ name }) => run.subscribers > 0 || !name.startsWith('end-to-end'));
  const known = floor.map((threshold) => {
    if (!threshold.name.startsWith('end-to-end.p99')) return threshold;
    // A search has its own bound, and a run of few updates no p99.
    if (searchP99Ns !== null) return parseThreshold(`end-to-end.p99<=${searchP99Ns / 1e6}ms`);
    const isFew = counts.received > 0 && counts.received < P99_SAMPLES;
    return isFew ? parseThreshold(threshold.name.replace('p99', 'max')) : threshold;
  });
  // A load that was not offered proves nothing, and where nobody subscribes no latency shows it.
  return [...known, ...found, ...['run.achievedRate>=99%', 'generator.disconnects==0'].map(parseThreshold)];
}

/** A folder that cannot be made is told before the test, not after it. */
async function ensureFolder(dir: string | null): Promise<void> {
  if (dir === null) return;
  await mkdir(dir, { recursive: true }).catch((error: Error) => {
    throw new UsageError(`--report ${dir}: expected a folder that can be made, was: ${error.message}`);
  });
  await access(dir, constants.W_OK).catch((error: Error) => {
    throw new UsageError(`--report ${dir}: expected a folder that can be written to, was: ${error.message}`);
  });
}

/** The text is printed by then: a disk that is full at the end must not cost what was measured. False where it fails. */
async function isWritten(report: LoadReport, run: LoadRun, dir: string | null): Promise<boolean> {
  if (dir === null) return true;
  try {
    await writeReport(report, run, dir);
    return true;
  } catch (error) {
    const was = error instanceof Error ? error.message : String(error);
    process.stderr.write(`millrace: --report ${dir}: the report could not be written whole: ${was}\n`);
    return false;
  }
}

/** The first Ctrl-C ends the test and still reports; the second ends the command, and its engine with it. */
function cutBySignals(): AbortController {
  const cut = new AbortController();
  const take = (): void => {
    if (cut.signal.aborted) process.exit(EXIT_INTERRUPTED);
    process.stderr.write('\nmillrace: ending the test; once more to leave without a report\n');
    cut.abort();
  };
  process.on('SIGINT', take);
  process.on('SIGTERM', take);
  return cut;
}

async function test(options: LoadOptions, asked: readonly Threshold[], parameters: readonly string[]): Promise<number> {
  const cut = cutBySignals();
  const { run, engineFailure } = await runLoadTest({ options, parameters, cut: cut.signal, output: process.stderr });
  const report = buildReport(run, thresholdsOf(asked, run, options, engineFailure));
  process.stdout.write(reportText(report));
  if (engineFailure !== null) process.stderr.write(`millrace: ${engineFailure}\n`);
  const isKept = await isWritten(report, run, options.reportDir);
  return report.verdict === 'pass' && engineFailure === null && isKept ? 0 : EXIT_FAILED;
}

/** `parameters` are the command line after `millrace`, for the report. Resolves with the exit code. */
export async function load(flags: LoadFlags, parameters: readonly string[]): Promise<number> {
  const options = loadOptionsOf(flags, process.env);
  const asked = (flags.threshold ?? []).map(parseThreshold);
  await ensureFolder(options.reportDir);
  return test(options, asked, parameters);
}
