// `import { createEngine } from 'millrace'`: the engine inside a user's process.

import type { StreamMessage } from '../../schemas/feed.ts';
import { UsageError } from '../base/errors.ts';
import { RequestError, SubscriptionError } from '../client/errors.ts';
import { loadSettings, type Settings } from '../config.ts';
import { type Launched, launch } from '../launch.ts';
import { createLog, type Log } from '../observe/log.ts';
import { HttpError } from '../publish/http.ts';
import { LocalSubscription } from '../publish/local-stream.ts';
import type { SettingsInput } from '../settings/schema.ts';
import { EmbeddedEngine } from './engine.ts';
import type { EmbeddedHost, Item, Leave } from './host.ts';

export type * from '../../schemas/feed.ts';
export type { Dialect } from '../../schemas/ids.ts';
export type { ShutdownSummary } from '../base/shutdown-summary.ts';
export type {
  BookAnswer,
  HealthAnswer,
  LatencyAnswer,
  MarketAnswer,
  SignalValue,
  StatsAnswer,
  Untold,
} from '../client/answers.ts';
export type { EmbeddedEngine, ListenOptions, SubscribeOptions } from './engine.ts';
export { PushedFrameError } from './engine.ts';
export type { EngineFault } from './faults.ts';
export type { EmbeddedQueue } from './queue.ts';
export { RequestError, SubscriptionError, UsageError };

/** Errors that differ and are told without an onError: enough to see what is wrong. */
const WARNINGS_MAX = 100;

type LogMethod = (fields: object, message?: string) => void;
/** Of pino, or anything with its methods: `console` will do. */
export type EngineLogger = Readonly<Record<'debug' | 'info' | 'warn' | 'error', LogMethod>>;

/** The keys of the configuration file, and what only a program can give. */
export type CreateEngineOptions = Partial<SettingsInput> & {
  /** A configuration file; what is given here beats it. */
  readonly config?: string;
  /** Where the log goes; without it nowhere, unless `logLevel` is given: then to stderr. */
  readonly logger?: EngineLogger;
  /**
   * Called where a listener threw, and where the engine refuses pushed frames. Without it each error that differs is a warning of
   * the process, once, up to 100 of them.
   */
  readonly onError?: (error: Error) => void;
};

/**
 * Starts an engine with threads and ports of its own. Options that are not given are as for `millrace start`, but for
 * environment variables, which are the program's own affair, and for the log, which is silent.
 * Rejects with a UsageError, one sentence with the option, the limit and the value found.
 */
export async function createEngine(options: CreateEngineOptions = {}): Promise<EmbeddedEngine> {
  const { logger, onError = warnOnce(), ...given } = options;
  const log = logger === undefined ? createLog(given.logLevel ?? 'silent') : (logger as unknown as Log);
  const settings = settingsOf(given);
  const faults: { tell: (message: string) => void } = { tell: () => undefined };
  const launched = await launch(settings, log, { onEvent: (message) => faults.tell(message) });
  const engine = new EmbeddedEngine(hostOf(launched), onError);
  faults.tell = (message) => engine.noteEvent(message);
  return engine;
}

/** A program that gave no onError is not to be left without a word of what goes wrong in it, nor flooded with it. */
function warnOnce(): (error: Error) => void {
  const told = new Set<string>();
  return (error) => {
    const text = `${error.name}: ${error.message}`;
    if (told.has(text) || told.size === WARNINGS_MAX) return;
    told.add(text);
    process.emitWarning(error.stack ?? text, 'MillraceWarning');
  };
}

/** The sentence about a wrong setting names its key as it was given, and not the flag of the command. */
function settingsOf(given: Partial<SettingsInput> & { readonly config?: string }): Settings {
  try {
    return loadSettings(given, {});
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.message.replace(/^--([a-z-]+)/, (_, flag: string) => keyOf(flag)));
  }
}

/** `ingestPort` of `ingest-port`. */
const keyOf = (flag: string): string => flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

function hostOf(launched: Launched): EmbeddedHost {
  const { engine, own, url, streamUrl, ingestUrl } = launched;
  return {
    ...{ own, url, streamUrl, ingestUrl, port: engine.port, ingestPort: engine.ingestPort },
    subscribe: (item, take) => subscribe(launched, item, take),
    ask: (path) => ask(launched, path),
    health: () => engine.health(),
    noteStop: () => engine.noteStop(),
    stop: () => launched.stop(),
  };
}

function subscribe({ engine }: Launched, item: Item, take: (message: StreamMessage) => void): Leave {
  const found = engine.local.subscribe(item, take);
  if (found instanceof LocalSubscription) return () => found.close();
  const channel = typeof item === 'string' ? item : item.channel;
  throw new SubscriptionError(channel, found.category, found.message);
}

async function ask({ engine }: Launched, path: string): Promise<unknown> {
  try {
    return JSON.parse(await engine.answer(path));
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    throw new RequestError(path, error.status, error.category, error.message);
  }
}
