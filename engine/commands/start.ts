// `millrace start`: a running engine with its feed, a status line, and a clean end on SIGTERM, SIGINT or SIGHUP.

import { INGRESS_CLOSE_MS } from '../../schemas/config.ts';
import type { ShutdownSummary } from '../base/shutdown-summary.ts';
import { within } from '../base/within.ts';
import { type Settings, withoutSecrets } from '../config.ts';
import { type Launched, launch } from '../launch.ts';
import type { Engine } from '../main.ts';
import { createLog, type Log } from '../observe/log.ts';
import { summaryWithoutStart } from '../shutdown.ts';
import { onEnding } from './ending.ts';
import { StatusLine } from './status-line.ts';

/** Runs until a signal; resolves with the exit code. */
export async function start(settings: Settings): Promise<number> {
  hideArguments();
  const log = createLog(settings.logLevel);
  const launched = await launchUnlessEnded(settings, log);
  if (launched === null) return 0;
  try {
    log.info({ settings: withoutSecrets(settings) }, 'started');
    process.stderr.write(addresses(launched));
    const status = new StatusLine(launched.engine.memory, process.stderr, log);
    status.start();
    return await untilStopped(launched, status);
  } catch (error) {
    // The process must not end with the ingress app open (RELIABILITY §1).
    await launched.stop();
    throw error;
  }
}

function addresses({ url, streamUrl, ingestUrl }: Launched): string {
  return `millrace: dashboard ${url}/  stream ${streamUrl}  ingest ${ingestUrl}/DIALECT\n`;
}

/** The arguments of a process can be read by others of the machine, and a token may be among them. */
function hideArguments(): void {
  process.title = 'millrace';
}

const tell = (summary: ShutdownSummary): unknown => process.stdout.write(`${JSON.stringify(summary)}\n`);

/** Null where a signal came meanwhile: the start has then undone what it had done. */
async function launchUnlessEnded(settings: Settings, log: Log): Promise<Launched | null> {
  const ending = new AbortController();
  const launching = launch(settings, log, { ending: ending.signal });
  let endedAtMs = 0;
  let late: NodeJS.Timeout | undefined;
  let forced: Promise<never> | null = null;
  const force = (): unknown => (forced ??= forcedStart(launching, endedAtMs));
  onEnding((count, signal) => {
    if (count > 1) return void force();
    endedAtMs = performance.now();
    process.stderr.write(`millrace: ${signal} while it starts: ends in order\n`);
    late = setTimeout(force, settings.shutdownTimeout);
    ending.abort();
  });
  try {
    const launched = await launching;
    return (await forced) ?? launched;
  } catch (error) {
    await forced;
    if (error !== ending.signal.reason) throw error;
    tell(summaryWithoutStart(endedAtMs, false));
    return null;
  } finally {
    clearTimeout(late);
  }
}

/** A second signal, or the deadline, while a start is undone. */
async function forcedStart(launching: Promise<Launched>, endedAtMs: number): Promise<never> {
  tell(summaryWithoutStart(endedAtMs, true));
  const undone = launching.then(
    ({ engine }) => engine.releaseIngress(),
    () => true,
  );
  return leaveWith(1, (await within(undone, INGRESS_CLOSE_MS)) === true);
}

/** First signal: drain. Second signal, or the deadline: forced, exit code 1; so is an end without all of the journal. */
function untilStopped(launched: Launched, status: StatusLine): Promise<number> {
  const { engine } = launched;
  return new Promise((resolve) => {
    let signals = 0;
    const end = async (): Promise<void> => {
      signals++;
      engine.noteStop();
      if (signals > 1) return forced(engine);
      status.stop();
      const summary = await launched.stop();
      if (signals > 1) return;
      tell(summary);
      if (summary.forced) await leave(engine, 1);
      resolve(summary.journal_entries_lost > 0 ? 1 : 0);
    };
    // Also one that came too late to end the start.
    onEnding(() => void end());
  });
}

/** Second signal: says what is known and goes. */
async function forced(engine: Engine): Promise<void> {
  tell(engine.forcedSummary());
  await leave(engine, 1);
}

async function leave(engine: Engine, code: number): Promise<void> {
  leaveWith(code, (await engine.releaseIngress()) && !engine.isWaitingForDisk);
}

/**
 * process.exit() with the ingress app open aborts (RELIABILITY §1), and it waits for threads that a call to the disk holds,
 * for ever where the disk hangs: where there is such a one, the process kills itself.
 */
function leaveWith(code: number, mayExit: boolean): never {
  if (!mayExit) process.kill(process.pid, 'SIGKILL');
  process.exit(code);
}
