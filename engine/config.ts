// Settings: flag beats environment beats file beats default; every wrong one is a sentence naming it.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { z } from 'zod';
import {
  ALLOWED_LATENESS_MS,
  BREAKER_FAILURES,
  BREAKER_RETRIES,
  DEFAULT_HOST,
  DEFAULT_INGEST_PORT,
  DEFAULT_PORT,
  LADDER_LEVELS_MAX,
  MARKETS_MAX,
  SHUTDOWN_TIMEOUT_MS,
  STALE_AFTER_MS,
} from '../schemas/config.ts';
import { EMPTY_BARS_NAMES } from '../schemas/ids.ts';
import { DEFAULT_SIGNALS } from '../schemas/signals.ts';
import { UsageError } from './base/errors.ts';
import { type MarketPlans, marketPlansOf } from './base/market-plans.ts';
import { splitSignals } from './base/signal-specs.ts';
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

/** `10s`, `500ms`, `2m`: milliseconds. */
const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(String(value));
  if (match === null) {
    context.addIssue({ code: 'custom', message: 'expected a duration like 10s, 500ms or 2m' });
    return z.NEVER;
  }
  const unitMs = { ms: 1, s: 1000, m: 60_000 }[match[2] ?? 'ms'] ?? 1;
  return Number(match[1]) * unitMs;
});

/** What can be set for all markets, and by pattern for some. */
const choice = {
  bars: z.array(z.string()).min(1).optional(),
  signals: z.array(z.string()).optional(),
  emptyBars: z.enum(EMPTY_BARS_NAMES).optional(),
  lateness: duration.optional(),
  staleAfter: duration.optional(),
};

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
  shutdownTimeout: duration.default(SHUTDOWN_TIMEOUT_MS),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  seed: within(0, 0xffffffff).default(1),
  rate: within(1, 1_000_000).default(1000),
});

export type Settings = z.infer<typeof settings>;

const LISTS: readonly string[] = ['feed', 'venueUrl', 'venueToken', 'bars', 'signal'];

/** `--ingest-port` and `MILLRACE_INGEST_PORT` of `ingestPort`. */
export const flagOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const environmentOf = (key: string): string => `MILLRACE_${flagOf(key).slice(2).replaceAll('-', '_').toUpperCase()}`;

/** Patterns of markets as JSON: the one setting with a structure. */
function patternsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(
      `MILLRACE_MARKETS: expected a JSON array of patterns, was ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
}

function fromEnvironment(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of Object.keys(settings.shape)) {
    const value = environment[environmentOf(key)];
    if (value === undefined) continue;
    if (key === 'signals') found[key] = splitSignals(value);
    else if (key === 'markets') found[key] = patternsOf(value);
    else found[key] = LISTS.includes(key) ? value.split(',') : value;
  }
  return found;
}

function fromFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw new Error('not a JSON object');
    return parsed as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(
      `--config ${path}: expected a JSON object, was: ${error instanceof Error ? error.message : error}`,
    );
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
  const was = key === 'token' || key === 'venueToken' ? 'a value not shown' : shown(valueAt(merged, issue.path));
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

/** An address without the user and password it may hold. */
const withoutUser = (address: string): string => address.replace(/\/\/[^/?#]*@/, '//(set)@');

/** The settings as they may be shown. */
export function withoutSecrets(values: Settings): Record<string, unknown> {
  const venueToken = values.venueToken.map((entry) => `${entry.split('=', 1)[0]}=(set)`);
  return {
    ...values,
    token: values.token === null ? null : '(set)',
    venueToken,
    venueUrl: values.venueUrl.map(withoutUser),
    venueProxy: values.venueProxy === null ? null : withoutUser(values.venueProxy),
  };
}
