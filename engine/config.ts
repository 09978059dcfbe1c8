// Settings: flag beats environment beats file beats default; every wrong one is a sentence naming it.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import {
  ALLOWED_LATENESS_MS,
  BREAKER_FAILURES,
  BREAKER_RETRIES,
  CHECKPOINT_MS,
  CONNECTIONS_MAX,
  DEFAULT_HOST,
  DEFAULT_INGEST_PORT,
  DEFAULT_PORT,
  JOURNAL_AGE_MS_MAX,
  JOURNAL_BYTES_LEAST,
  JOURNAL_BYTES_MAX,
  JOURNAL_SYNC_MS,
  LADDER_LEVELS_MAX,
  MARKETS_MAX,
  REQUESTS_PER_SECOND,
  SHUTDOWN_TIMEOUT_MS,
  STALE_AFTER_MS,
} from '../schemas/config.ts';
import { EMPTY_BARS_NAMES } from '../schemas/ids.ts';
import { DEFAULT_SIGNALS } from '../schemas/signals.ts';
import { UsageError } from './base/errors.ts';
import { withoutUser } from './base/hosts.ts';
import { type MarketPlans, marketPlansOf } from './base/market-plans.ts';
import { splitSignals } from './base/signal-specs.ts';
import { ROLES } from './base/token.ts';
import { symbolsByVenue } from './feed-settings.ts';
import type { UserSignalFiles } from './user-signals.ts';

/** A number, or text that is one: empty text is none, where Number('') would be 0. */
const number = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\s*[-+]?\d+(\.\d+)?\s*$/, 'expected a number')
      .transform(Number),
  ])
  .pipe(z.number());
const within = (least: number, most: number) => number.pipe(z.number().int().min(least).max(most));

const port = within(0, 65_535);

/** `10s`, `500ms`, `2m`, `24h`: milliseconds. */
const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(String(value));
  if (match === null) {
    context.addIssue({ code: 'custom', message: 'expected a duration like 10s, 500ms or 2m' });
    return z.NEVER;
  }
  const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 'ms'] ?? 1;
  return Number(match[1]) * unitMs;
});

/** A duration of at least this: one that is shorter would be over before anything was done. */
const durationFrom = (leastMs: number) => duration.pipe(z.number().min(leastMs));

const SIZE_UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** `512MiB`, `4GiB`: bytes. */
const size = z.union([z.string(), z.number()]).transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)?$/.exec(String(value));
  if (match === null) {
    context.addIssue({ code: 'custom', message: 'expected a size like 512MiB or 4GiB' });
    return z.NEVER;
  }
  return Math.floor(Number(match[1]) * SIZE_UNITS[match[2] ?? 'B']);
});

/** What can be set for all markets, and by pattern for some. */
const choice = {
  bars: z.array(z.string()).min(1).optional(),
  signals: z.array(z.string()).optional(),
  emptyBars: z.enum(EMPTY_BARS_NAMES).optional(),
  lateness: duration.optional(),
  staleAfter: duration.optional(),
};

/** `true` and `false` of a file, and as the text of a variable. */
const choiceOf = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

const role = z.enum(ROLES);
const tokenEntry = z.strictObject({
  role: role.optional(),
  roles: z.array(role).min(1).optional(),
  secret: z.string().min(1).optional(),
  secretFile: z.string().min(1).optional(),
  name: z.string().min(1).max(80).optional(),
});

const pattern = z.strictObject({
  match: z.string().min(1),
  ...choice,
  book: z.union([z.enum(['full', 'none']), z.number().int().min(1).max(LADDER_LEVELS_MAX)]).optional(),
});

const feeds = z
  .array(z.string().min(1))
  .min(1)
  .superRefine((names, context) => {
    try {
      symbolsByVenue(names);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

export const settings = z.strictObject({
  feed: feeds.default(['synthetic']),
  /** `VENUE=URL` of a simulator or proxy. */
  venueUrl: z.array(z.string().min(1)).default([]),
  /** `VENUE=TOKEN` for a venue or relay that wants one. */
  venueToken: z.array(z.string().min(1)).default([]),
  venueProxy: z.string().min(1).nullable().default(null),
  venueCa: z.string().min(1).nullable().default(null),
  breakerFailures: within(1, 100).default(BREAKER_FAILURES),
  breakerRetries: within(0, 1_000_000).default(BREAKER_RETRIES),
  host: z.string().min(1).default(DEFAULT_HOST),
  port: port.default(DEFAULT_PORT),
  ingestPort: port.default(DEFAULT_INGEST_PORT),
  workers: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(Math.max(1, availableParallelism() - 1)),
  marketsMax: within(1, MARKETS_MAX).default(MARKETS_MAX),
  bars: z.array(z.string()).min(1).default(['1s', '1m']),
  signals: z.array(z.string()).default([...DEFAULT_SIGNALS]),
  /** Files of users' signals. */
  signal: z.array(z.string().min(1)).default([]),
  emptyBars: z.enum(EMPTY_BARS_NAMES).default('skip'),
  lateness: duration.default(ALLOWED_LATENESS_MS),
  staleAfter: duration.default(STALE_AFTER_MS),
  /** By pattern, the first that matches; a market that none matches is not taken. Null takes all alike. */
  markets: z.array(pattern).min(1).nullable().default(null),
  token: z.string().min(1).nullable().default(null),
  tokenFile: z.string().min(1).nullable().default(null),
  /** `ROLE=SECRET`, `ROLE=PATH`; several roles with `+` between. */
  roleToken: z.array(z.string().min(1)).default([]),
  roleTokenFile: z.array(z.string().min(1)).default([]),
  /** Tokens with their roles and names. */
  tokens: z.array(tokenEntry).min(1).nullable().default(null),
  /** Origins of pages that may read, beside the engine's own. */
  origin: z.array(z.string().min(1)).default([]),
  tlsCert: z.string().min(1).nullable().default(null),
  tlsKey: z.string().min(1).nullable().default(null),
  tlsPassphraseFile: z.string().min(1).nullable().default(null),
  /** Listen beyond this machine without any token. */
  insecure: choiceOf.default(false),
  /** Folder of the journal; null for none. */
  journal: z.string().min(1).nullable().default(null),
  journalSync: z.enum(['none', 'interval', 'always']).default('interval'),
  journalSyncInterval: durationFrom(1).default(JOURNAL_SYNC_MS),
  journalBytes: size.pipe(z.number().min(JOURNAL_BYTES_LEAST)).default(JOURNAL_BYTES_MAX),
  journalAge: durationFrom(1000).default(JOURNAL_AGE_MS_MAX),
  checkpointInterval: durationFrom(100).default(CHECKPOINT_MS),
  /** File for frames that could not be decoded; null is one in the journal's folder, or none without a journal. */
  deadLetter: z.string().min(1).nullable().default(null),
  /** Of each port; 0 is no limit, here and below. */
  connectionsMax: within(0, 1_000_000).default(CONNECTIONS_MAX),
  connectionsPerAddress: within(0, 1_000_000).default(0),
  framesPerSecond: within(0, 1_000_000_000).default(0),
  bytesPerSecond: size.default(0),
  requestsPerSecond: within(0, 1_000_000).default(REQUESTS_PER_SECOND),
  shutdownTimeout: duration.default(SHUTDOWN_TIMEOUT_MS),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  seed: within(0, 0xffffffff).default(1),
  rate: within(1, 1_000_000).default(1000),
});

export type Settings = z.infer<typeof settings>;

const LISTS: readonly string[] = [
  ...['feed', 'venueUrl', 'venueToken', 'bars', 'signal', 'roleToken', 'roleTokenFile', 'origin'],
];

/** Settings with a structure: JSON in their variables. */
const STRUCTURES: readonly string[] = ['markets', 'tokens'];

/** Settings whose values may be secrets or hold one, and are in no sentence. */
const SECRETS: readonly string[] = ['token', 'tokens', 'roleToken', 'venueToken', 'venueUrl', 'venueProxy'];

/** `--ingest-port` and `MILLRACE_INGEST_PORT` of `ingestPort`. */
export const flagOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const environmentOf = (key: string): string => `MILLRACE_${flagOf(key).slice(2).replaceAll('-', '_').toUpperCase()}`;

function structureOf(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const was = SECRETS.includes(key) ? 'a value not shown' : JSON.stringify(text.slice(0, 80));
    throw new UsageError(`${environmentOf(key)}: expected a JSON array, was ${was}`);
  }
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of Object.keys(settings.shape)) {
    const value = environment[environmentOf(key)];
    if (value === undefined) continue;
    if (key === 'signals') found[key] = splitSignals(value);
    else if (STRUCTURES.includes(key)) found[key] = structureOf(key, value);
    else found[key] = LISTS.includes(key) ? value.split(',') : value;
  }
  return found;
}

/** The parser's sentence quotes the text about the place, which may be a token. */
function withoutText(error: unknown): string {
  if (!(error instanceof SyntaxError)) return error instanceof Error ? error.message : String(error);
  const place = /at position \d+|Unexpected end of JSON input/.exec(error.message)?.[0] ?? 'not told where';
  return `not JSON (${place.replace('Unexpected end of JSON input', 'it ends too early')})`;
}

function fromFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('not a JSON object');
    return parsed as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`--config ${path}: expected a JSON object, was: ${withoutText(error)}`);
  }
}

/** Where a setting came from, for the sentence about it. */
function originOf(
  key: string,
  flags: Record<string, unknown>,
  environment: Record<string, unknown>,
  file: string | undefined,
): string {
  if (key in flags) return flagOf(key);
  if (key in environment) return environmentOf(key);
  return `${file ?? 'configuration'}, ${key}`;
}

/** Joins the sources. Throws a UsageError with one sentence: the option, the limit and the value found. */
export function loadSettings(flags: Record<string, unknown>, environment: NodeJS.ProcessEnv): Settings {
  const { config, ...given } = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const path = typeof config === 'string' ? config : environment['MILLRACE_CONFIG'];
  const fromVariables = fromEnvironment(environment);
  const merged: Record<string, unknown> = { ...fromFile(path), ...fromVariables, ...given };
  const parsed = settings.safeParse(merged);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue.code === 'unrecognized_keys') {
    throw new UsageError(
      `${path ?? 'configuration'}: expected known settings, was ${issue.keys.map((key) => [...issue.path, key].join('.')).join(', ')}`,
    );
  }
  const [key, ...inner] = issue.path.map(String);
  const place = [originOf(key, given, fromVariables, path), ...inner].join('.');
  const was = SECRETS.includes(key) ? 'a value not shown' : shown(valueAt(merged, issue.path));
  throw new UsageError(`${place}: ${lowerFirst(issue.message)}, was ${was}`);
}

/** Longest text of a value in a sentence about it. */
const SHOWN_CHARACTERS = 200;

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN_CHARACTERS);
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((found, step) => (found as Record<PropertyKey, unknown> | undefined)?.[step], values);
}

function lowerFirst(text: string): string {
  const sentence = text.replace(/^Invalid input: /, '').replace(/^Too (big|small): /, '');
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

/** The compiler of signal files is loaded only where there are any. */
async function userSignalsOf(paths: readonly string[]): Promise<UserSignalFiles> {
  if (paths.length === 0) return { files: [], specs: [] };
  const { loadUserSignals } = await import('./user-signals.ts');
  return loadUserSignals(paths);
}

type PlanSettings = Pick<Settings, 'bars' | 'signals' | 'signal' | 'emptyBars' | 'lateness' | 'staleAfter' | 'markets'>;

/** What is kept of which market. Rejects with a UsageError where a kind, a signal or a file is wrong. */
export async function plansOf(values: PlanSettings): Promise<MarketPlans> {
  const { files, specs } = await userSignalsOf(values.signal);
  const { bars, signals, emptyBars, lateness, staleAfter, markets } = values;
  return marketPlansOf({
    usual: { bars, signals, emptyBars, latenessMs: lateness, staleAfterMs: staleAfter },
    ...(markets === null
      ? {}
      : {
          patterns: markets.map(({ lateness: latenessMs, staleAfter: staleAfterMs, ...rest }) => ({
            ...rest,
            latenessMs,
            staleAfterMs,
          })),
        }),
    users: specs,
    signalFiles: files,
  });
}

/** `NAME=(set)` of `NAME=SECRET`; a text without a name is all secret. */
const nameAlone = (entry: string): string => (entry.includes('=') ? `${entry.split('=', 1)[0]}=(set)` : '(set)');

/** The settings as they may be shown. */
export function withoutSecrets(values: Settings): Record<string, unknown> {
  return {
    ...values,
    token: values.token === null ? null : '(set)',
    tokens: values.tokens?.map((entry) => ('secret' in entry ? { ...entry, secret: '(set)' } : entry)) ?? null,
    roleToken: values.roleToken.map(nameAlone),
    venueToken: values.venueToken.map(nameAlone),
    venueUrl: values.venueUrl.map(withoutUser),
    venueProxy: values.venueProxy === null ? null : withoutUser(values.venueProxy),
  };
}
