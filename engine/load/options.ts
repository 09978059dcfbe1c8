// What a load test is asked to do: from the text of the options to values, each wrong one refused in a sentence.

import { MARKETS_MAX } from '../../schemas/config.ts';
import { DIALECTS, type Dialect } from '../../schemas/ids.ts';
import { UsageError } from '../base/errors.ts';
import { GENERATOR_KINDS, type GeneratorKind } from './generators.ts';
import { FORMATS, type Format, PROFILES, type Profile, UPDATE_KINDS, type UpdateKind } from './protocol.ts';
import { ENCODINGS, type Encoding } from './subscriber-protocol.ts';

/** As the command line gives them; what is absent has its default here. */
export type LoadFlags = {
  readonly rate?: string;
  readonly markets?: string;
  readonly connections?: string;
  readonly duration?: string;
  readonly warmup?: string;
  readonly profile?: string;
  readonly format?: string;
  readonly dialect?: string;
  readonly updates?: string;
  readonly batch?: string;
  readonly seed?: string;
  readonly subscribers?: string;
  readonly encoding?: string;
  readonly generators?: string;
  readonly generator?: string;
  readonly workers?: string;
  readonly max?: boolean;
  readonly maxP99?: string;
  readonly target?: string;
  readonly ingestTarget?: string;
  readonly token?: string;
  readonly report?: string;
  readonly threshold?: readonly string[];
};

export type Target = {
  /** `http://HOST:PORT`, or `https:`: stream and HTTP. */
  readonly url: string;
  /** `ws://HOST:PORT`, or `wss:`: ingest. */
  readonly ingestUrl: string;
};

export type LoadOptions = {
  readonly ratePerS: number;
  readonly markets: number;
  readonly connections: number;
  readonly durationS: number;
  readonly warmupS: number;
  readonly profile: Profile;
  readonly format: Format;
  readonly dialect: string;
  readonly updates: UpdateKind;
  readonly batch: number;
  readonly seed: number;
  readonly subscribers: number;
  readonly encoding: Encoding;
  readonly generators: number;
  readonly generator: GeneratorKind;
  /** Null leaves it to the engine. */
  readonly workers: number | null;
  /** Bound of a search's p99, or null where none is asked for. */
  readonly searchP99Ns: number | null;
  /** Null starts an engine. */
  readonly target: Target | null;
  readonly token: string | null;
  readonly reportDir: string | null;
};

export const RATE_MAX = 20_000_000;
const CONNECTIONS_MAX = 1_000;
const CONNECTIONS_USUAL = 4;
const DURATION_S_MAX = 7 * 86_400;
const BATCH_MAX = 4_096;
const SUBSCRIBERS_MAX = 1_000;
const GENERATORS_MAX = 64;
const WORKERS_MAX = 64;
const SEED_MAX = 0xffffffff;
/** No venue has this name, so that the test meets no markets of others. */
const NORMALISED_VENUE = 'load';

function refuse(flag: string, expected: string, was: string): never {
  throw new UsageError(`${flag}: expected ${expected}, was ${JSON.stringify(was)}`);
}

function whole(flag: string, text: string | undefined, usual: number, least: number, most: number): number {
  if (text === undefined) return usual;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    refuse(flag, `a whole number from ${least} to ${most}`, text);
  return value;
}

const UNIT_S: Readonly<Record<string, number>> = { us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** Seconds of `30s`, `500ms`, `2m`; a unit must be there, because a bare number would be read both ways. */
function duration(flag: string, text: string | undefined, usual: number, least: number, most: number): number {
  if (text === undefined) return usual;
  const match = /^(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)$/.exec(text);
  const seconds = match === null ? Number.NaN : Number(match[1]) * UNIT_S[match[2]];
  if (!(seconds >= least && seconds <= most))
    refuse(flag, `a duration from ${least}s to ${most}s, such as 30s or 2m`, text);
  return seconds;
}

function choice<T extends string>(flag: string, text: string | undefined, usual: T, known: readonly T[]): T {
  const found = known.find((name) => name === (text ?? usual));
  return found ?? refuse(flag, `one of ${known.join(', ')}`, text ?? '');
}

/** Ports of addresses that name none. */
const PORT_USUAL = 80;
const PORT_USUAL_TLS = 443;

type Address = { readonly host: string; readonly port: number; readonly isSecure: boolean };

/** Who wrote a password into an address need not read it in an error. */
const withoutUser = (text: string): string => text.replace(/[^/]*@/, '');

/** `wss://` and `https://` ask for TLS; both ports have it, or neither. */
function addressOf(flag: string, text: string): Address {
  const full = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : null;
  if (url === null || !/^(http|ws)s?:$/.test(url.protocol) || url.hostname === '')
    return refuse(flag, 'an address such as ws://127.0.0.1:9002 or wss://market.example:9002', text);
  if (url.username !== '' || url.password !== '' || url.search !== '' || !['', '/', '/stream'].includes(url.pathname))
    return refuse(flag, 'an address without user, path and query', withoutUser(text));
  const isSecure = /^(https|wss):$/.test(url.protocol);
  return { host: url.hostname, port: Number(url.port || (isSecure ? PORT_USUAL_TLS : PORT_USUAL)), isSecure };
}

/** The ingest port is the one below, as by default (9001 and 9002), unless it is told. */
function targetOf({ target, ingestTarget }: LoadFlags): Target | null {
  if (target === undefined) {
    if (ingestTarget !== undefined) refuse('--ingest-target', '--target beside it', ingestTarget);
    return null;
  }
  const { host, port, isSecure } = addressOf('--target', target);
  const beside = { host, port: port - 1, isSecure };
  const ingest = ingestTarget === undefined ? beside : addressOf('--ingest-target', ingestTarget);
  return {
    url: `http${isSecure ? 's' : ''}://${host}:${port}`,
    ingestUrl: `ws${ingest.isSecure ? 's' : ''}://${ingest.host}:${ingest.port}`,
  };
}

/** Native frames are a venue's; normalised messages may name any venue. */
function dialectOf(text: string | undefined, format: Format): string {
  const venues = DIALECTS.filter((name) => name !== 'json' && name !== 'flatbuffers');
  if (format === 'native') return choice<Dialect>('--dialect', text, 'binance', venues);
  const dialect = text ?? NORMALISED_VENUE;
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(dialect)) refuse('--dialect', 'a name of a venue', dialect);
  return dialect;
}

/** A frame goes out whole: one that holds more than the whole run should send would be another load than was asked for. */
function batchOf(text: string | undefined, format: Format, measured: number): number {
  const batch = whole('--batch', text, 1, 1, BATCH_MAX);
  if (format === 'native' && batch !== 1)
    refuse('--batch', "1 for native frames, which are one update each as a venue's are", text ?? '');
  if (batch > Math.max(1, measured))
    refuse('--batch', `at most the ${Math.floor(measured)} updates of --rate and --duration`, text ?? '');
  return batch;
}

/** Each connection has markets of its own, and each generator connections. */
function connectionsOf(flags: LoadFlags, markets: number): { connections: number; generators: number } {
  const most = Math.min(CONNECTIONS_MAX, markets);
  const usual = Math.min(CONNECTIONS_USUAL, markets);
  if (Number(flags.connections) > markets && Number(flags.connections) <= CONNECTIONS_MAX)
    refuse('--connections', `at most as many as --markets (${markets})`, flags.connections ?? '');
  const connections = whole('--connections', flags.connections, usual, 1, most);
  if (Number(flags.generators) > connections)
    refuse('--generators', `at most as many as --connections (${connections})`, flags.generators ?? '');
  return { connections, generators: whole('--generators', flags.generators, 1, 1, GENERATORS_MAX) };
}

/** Nanoseconds of the bound, or null where no search is asked for. */
function searchOf({ max, maxP99, profile, subscribers }: LoadFlags): number | null {
  if (max !== true) {
    if (maxP99 !== undefined) refuse('--max-p99', '--max beside it', maxP99);
    return null;
  }
  if (profile === 'ramp') refuse('--profile', 'steady or burst with --max, which looks for one rate', profile);
  if (subscribers === '0') refuse('--subscribers', 'at least 1 with --max, which must see what is lost', subscribers);
  return duration('--max-p99', maxP99, 0.005, 1e-6, 60) * 1e9;
}

function workersOf({ workers, target }: LoadFlags): number | null {
  if (workers === undefined) return null;
  if (target !== undefined)
    refuse('--workers', 'no --target beside it: they are those of an engine of its own', workers);
  return whole('--workers', workers, 1, 1, WORKERS_MAX);
}

function tokenOf(token: string | undefined, environment: NodeJS.ProcessEnv): string | null {
  const found = token ?? environment['MILLRACE_TOKEN'];
  if (token === '') throw new UsageError('--token: expected a token, was empty');
  // What a header can carry: without it the engine's counters could not be asked for.
  if (found !== undefined && !/^[\x21-\x7e]*$/.test(found))
    throw new UsageError('--token: expected printable ASCII characters, was a value not shown');
  return found === undefined || found === '' ? null : found;
}

/** Throws a UsageError with one sentence: the option, what was expected, what was found. */
export function loadOptionsOf(flags: LoadFlags, environment: NodeJS.ProcessEnv): LoadOptions {
  const markets = whole('--markets', flags.markets, 50, 1, MARKETS_MAX);
  const format = choice('--format', flags.format, 'native', FORMATS);
  const ratePerS = whole('--rate', flags.rate, 1_000, 1, RATE_MAX);
  const durationS = duration('--duration', flags.duration, 30, 1, DURATION_S_MAX);
  return {
    ratePerS,
    markets,
    ...connectionsOf(flags, markets),
    durationS,
    warmupS: duration('--warmup', flags.warmup, 5, 0, DURATION_S_MAX),
    profile: choice('--profile', flags.profile, 'steady', PROFILES),
    format,
    dialect: dialectOf(flags.dialect, format),
    updates: choice('--updates', flags.updates, 'mixed', UPDATE_KINDS),
    batch: batchOf(flags.batch, format, ratePerS * durationS),
    seed: whole('--seed', flags.seed, 1, 0, SEED_MAX),
    subscribers: whole('--subscribers', flags.subscribers, 1, 0, SUBSCRIBERS_MAX),
    encoding: choice('--encoding', flags.encoding, 'json', ENCODINGS),
    generator: choice('--generator', flags.generator, 'thread', GENERATOR_KINDS),
    workers: workersOf(flags),
    searchP99Ns: searchOf(flags),
    target: targetOf(flags),
    token: tokenOf(flags.token, environment),
    reportDir: flags.report ?? null,
  };
}
