// `millrace start`: a running engine with its feed, a status line, and a clean end on SIGTERM or SIGINT.

import { join } from 'node:path';
import { type Access, accessOf, type OwnAccess } from '../access-settings.ts';
import { reachableHost } from '../base/hosts.ts';
import { plansOf, type Settings, withoutSecrets } from '../config.ts';
import { feedPlans, isSynthetic } from '../feed-settings.ts';
import { type Engine, type EngineOptions, startEngine } from '../main.ts';
import { createLog, type Log } from '../observe/log.ts';
import { FeedThread } from '../synthetic/feed-thread.ts';
import { StatusLine } from './status-line.ts';

const DEAD_LETTER_FILE = 'dead-letter.ndjson';

/** Runs until a signal; resolves with the exit code. */
export async function start(settings: Settings): Promise<number> {
  hideArguments();
  const log = createLog(settings.logLevel);
  const access = await accessOf(settings);
  for (const warning of access.warnings) log.warn(warning);
  const engine = await startEngine({
    host: settings.host,
    port: settings.port,
    ingestPort: settings.ingestPort,
    workers: settings.workers,
    marketsMax: settings.marketsMax,
    token: null,
    access: access.plan,
    ...limitsOf(settings),
    plans: await plansOf(settings),
    feeds: feedPlans(settings),
    ...durableOf(settings),
    shutdownTimeoutMs: settings.shutdownTimeout,
    log,
  });
  try {
    return await run(engine, settings, access, log);
  } catch (error) {
    // The process must not end with the ingress app open (RELIABILITY §1).
    await engine.stop();
    throw error;
  }
}

/** The journal, and the file beside it for frames that could not be taken. */
function durableOf(settings: Settings): Pick<EngineOptions, 'journal' | 'deadLetter'> {
  const { journal: folder, deadLetter } = settings;
  if (folder === null) return { deadLetter };
  const { journalSync, journalSyncInterval, journalBytes, journalAge, checkpointInterval } = settings;
  return {
    journal: {
      ...{ folder, syncPolicy: journalSync, syncMs: journalSyncInterval },
      ...{ bytesMax: journalBytes, ageMsMax: journalAge, checkpointMs: checkpointInterval },
    },
    deadLetter: deadLetter ?? join(folder, DEAD_LETTER_FILE),
  };
}

/** What one client may do on each port. */
function limitsOf(settings: Settings): Pick<EngineOptions, 'ingestLimits' | 'streamLimits'> {
  const { connectionsMax, connectionsPerAddress, framesPerSecond, bytesPerSecond, requestsPerSecond } = settings;
  const connections = { connectionsMax, connectionsPerAddress };
  return {
    ingestLimits: { ...connections, framesPerSecond, bytesPerSecond },
    streamLimits: { ...connections, requestsPerSecond },
  };
}

async function run(engine: Engine, settings: Settings, access: Access, log: Log): Promise<number> {
  const feed = isSynthetic(settings.feed) ? await startFeed(engine, settings, access.own) : null;
  log.info({ settings: withoutSecrets(settings) }, 'started');
  process.stderr.write(addresses(engine, reachableHost(settings.host), access.plan.tls === null ? '' : 's'));
  const status = new StatusLine(engine.memory, process.stderr);
  status.start();
  return untilStopped(engine, feed, status);
}

/** `secure` is the letter that TLS adds to a scheme. */
function addresses({ port, ingestPort }: Engine, host: string, secure: '' | 's'): string {
  return (
    `millrace: dashboard http${secure}://${host}:${port}/  stream ws${secure}://${host}:${port}/stream` +
    `  ingest ws${secure}://${host}:${ingestPort}/ingest/DIALECT\n`
  );
}

/** The arguments of a process can be read by others of the machine, and a token may be among them. */
function hideArguments(): void {
  process.title = 'millrace';
}

function startFeed(engine: Engine, settings: Settings, { token, certificate }: OwnAccess): Promise<FeedThread> {
  const scheme = certificate === null ? 'ws' : 'wss';
  return FeedThread.start({
    url: `${scheme}://${reachableHost(settings.host)}:${engine.ingestPort}/ingest/json`,
    token,
    certificate,
    rate: settings.rate,
    seed: settings.seed,
  });
}

/** First signal: drain. Second signal, or the deadline: forced, exit code 1. */
function untilStopped(engine: Engine, feed: FeedThread | null, status: StatusLine): Promise<number> {
  return new Promise((resolve) => {
    let signals = 0;
    const end = async (): Promise<void> => {
      signals++;
      engine.noteStop();
      if (signals > 1) return forced(engine);
      status.stop();
      await feed?.stop();
      const summary = await engine.stop();
      if (signals > 1) return;
      process.stdout.write(`${JSON.stringify(summary)}\n`);
      if (summary.forced) await leave(engine, 1);
      resolve(summary.forced ? 1 : 0);
    };
    process.on('SIGTERM', () => void end());
    process.on('SIGINT', () => void end());
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
