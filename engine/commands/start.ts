// `millrace start`: a running engine with its feed, a status line, and a clean end on SIGTERM, SIGINT or SIGHUP.

import { type Settings, withoutSecrets } from '../config.ts';
import { type Launched, launch } from '../launch.ts';
import type { Engine } from '../main.ts';
import { createLog } from '../observe/log.ts';
import { StatusLine } from './status-line.ts';

/** Runs until a signal; resolves with the exit code. */
export async function start(settings: Settings): Promise<number> {
  hideArguments();
  const log = createLog(settings.logLevel);
  const launched = await launch(settings, log);
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

/** A terminal that closes sends SIGHUP: settings are read at the start alone, so it means the end here too. */
const ENDING_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

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
      process.stdout.write(`${JSON.stringify(summary)}\n`);
      if (summary.forced) await leave(engine, 1);
      resolve(summary.journal_entries_lost > 0 ? 1 : 0);
    };
    for (const signal of ENDING_SIGNALS) process.on(signal, () => void end());
  });
}

/** Second signal: says what is known and goes. */
async function forced(engine: Engine): Promise<void> {
  process.stdout.write(`${JSON.stringify(engine.forcedSummary())}\n`);
  await leave(engine, 1);
}

/**
 * process.exit() with the ingress app open aborts (RELIABILITY §1), and it waits for threads that a call to the disk holds,
 * for ever where the disk hangs: where there is such a one, the process kills itself.
 */
async function leave(engine: Engine, code: number): Promise<void> {
  if ((await engine.releaseIngress()) && !engine.isWaitingForDisk) process.exit(code);
  process.kill(process.pid, 'SIGKILL');
}
