// `millrace start`: a running engine with its feed, a status line, and a clean end on SIGTERM or SIGINT.

import { plansOf, type Settings, withoutSecrets } from '../config.ts';
import { feedPlans, isSynthetic } from '../feed-settings.ts';
import { type Engine, startEngine } from '../main.ts';
import { createLog, type Log } from '../observe/log.ts';
import { FeedThread } from '../synthetic/feed-thread.ts';
import { StatusLine } from './status-line.ts';

/** Runs until a signal; resolves with the exit code. */
export async function start(settings: Settings): Promise<number> {
  const log = createLog(settings.logLevel);
  const engine = await startEngine({
    host: settings.host,
    port: settings.port,
    ingestPort: settings.ingestPort,
    workers: settings.workers,
    marketsMax: settings.marketsMax,
    token: settings.token,
    plans: await plansOf(settings),
    feeds: feedPlans(settings),
    shutdownTimeoutMs: settings.shutdownTimeout,
    log,
  });
  try {
    return await run(engine, settings, log);
  } catch (error) {
    // The process must not end with the ingress app open (RELIABILITY §1).
    await engine.stop();
    throw error;
  }
}

async function run(engine: Engine, settings: Settings, log: Log): Promise<number> {
  const feed = isSynthetic(settings.feed) ? await startFeed(engine, settings) : null;
  log.info({ settings: withoutSecrets(settings) }, 'started');
  process.stderr.write(
    `millrace: dashboard http://${settings.host}:${engine.port}/  stream ws://${settings.host}:${engine.port}/stream  ingest ws://${settings.host}:${engine.ingestPort}/ingest/DIALECT\n`,
  );
  const status = new StatusLine(engine.memory, process.stderr);
  status.start();
  return untilStopped(engine, feed, status);
}

function startFeed(engine: Engine, settings: Settings): Promise<FeedThread> {
  return FeedThread.start({
    url: `ws://${settings.host}:${engine.ingestPort}/ingest/json`,
    token: settings.token,
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

/** process.exit() with the ingress app open aborts (RELIABILITY §1): where it does not close in time, the process kills itself. */
async function leave(engine: Engine, code: number): Promise<void> {
  if (await engine.releaseIngress()) process.exit(code);
  process.kill(process.pid, 'SIGKILL');
}
