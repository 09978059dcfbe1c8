// From settings to a running engine with its synthetic feed: what `millrace start` and createEngine() share.

import { join } from 'node:path';
import { type Access, accessOf, type OwnAccess } from './access-settings.ts';
import { reachableHost } from './base/hosts.ts';
import type { ShutdownSummary } from './base/shutdown-summary.ts';
import { plansOf, type Settings } from './config.ts';
import { feedPlans, isSynthetic } from './feed-settings.ts';
import { type Engine, type EngineOptions, startEngine } from './main.ts';
import type { Log } from './observe/log.ts';
import { FeedThread } from './synthetic/feed-thread.ts';

const DEAD_LETTER_FILE = 'dead-letter.ndjson';

/** What is told by the engine itself while it runs, and what ends its start. */
export type LaunchHooks = Pick<EngineOptions, 'onEvent' | 'ending'>;

/** An engine, its synthetic feed where there is one, and what its own clients need. */
export class Launched {
  readonly engine: Engine;
  readonly own: OwnAccess;
  private readonly settings: Settings;
  private readonly secure: '' | 's';
  private readonly feed: FeedThread | null;

  constructor(engine: Engine, settings: Settings, access: Access, feed: FeedThread | null) {
    this.engine = engine;
    this.own = access.own;
    this.settings = settings;
    this.secure = access.plan.tls === null ? '' : 's';
    this.feed = feed;
  }

  /** `http://127.0.0.1:9002`, or https. */
  get url(): string {
    return `http${this.secure}://${reachableHost(this.settings.host)}:${this.engine.port}`;
  }

  /** `ws://127.0.0.1:9002/stream`, or wss. */
  get streamUrl(): string {
    return `ws${this.url.slice('http'.length)}/stream`;
  }

  /** `ws://127.0.0.1:9001/ingest`, or wss; a dialect follows. */
  get ingestUrl(): string {
    return ingestUrlOf(this.settings.host, this.engine.ingestPort, this.secure);
  }

  /** Ends the feed, drains the engine in the data's order, and closes. */
  async stop(): Promise<ShutdownSummary> {
    this.engine.noteStop();
    await this.feed?.stop();
    return this.engine.stop();
  }
}

function ingestUrlOf(host: string, port: number, secure: '' | 's'): string {
  return `ws${secure}://${reachableHost(host)}:${port}/ingest`;
}

/** Rejects with a UsageError where a setting, a file of it or a port is wrong; nothing is left running then. */
export async function launch(settings: Settings, log: Log, hooks: LaunchHooks = {}): Promise<Launched> {
  const access = await accessOf(settings);
  for (const warning of access.warnings) log.warn(warning);
  const engine = await startEngine({ ...(await optionsOf(settings, access)), ...hooks, log });
  try {
    const feed = isSynthetic(settings.feed) ? await startFeed(engine, settings, access) : null;
    return new Launched(engine, settings, access, feed);
  } catch (error) {
    // The process must not end with the ingress app open (RELIABILITY §1).
    await engine.stop();
    throw error;
  }
}

async function optionsOf(settings: Settings, access: Access): Promise<Omit<EngineOptions, 'log'>> {
  const { host, port, ingestPort, workers, marketsMax } = settings;
  return {
    ...{ host, port, ingestPort, workers, marketsMax },
    token: null,
    access: access.plan,
    ...limitsOf(settings),
    plans: await plansOf(settings),
    feeds: feedPlans(settings),
    ...durableOf(settings),
    shutdownTimeoutMs: settings.shutdownTimeout,
    isMemoryTaken: true,
  };
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

function startFeed(engine: Engine, settings: Settings, { own, plan }: Access): Promise<FeedThread> {
  const { token, certificate } = own;
  return FeedThread.start({
    url: `${ingestUrlOf(settings.host, engine.ingestPort, plan.tls === null ? '' : 's')}/json`,
    token,
    certificate,
    rate: settings.rate,
    seed: settings.seed,
  });
}
