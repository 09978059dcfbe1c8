// Owns how a fault plan is written: rates by kind and a few bounds, as text of a command or as JSON of a request.

import { UsageError } from '../base/errors.ts';
import { FAULT_KINDS, FAULTS, type FaultKind, isFaultKind } from './fault-log.ts';

export type FaultPlan = {
  /** Per 1,000 data frames, per 1,000 requests, or per second, by the kind. */
  readonly rates: Readonly<Partial<Record<FaultKind, number>>>;
  /** Seed of everything drawn. */
  readonly seed: number;
  /** Longest delay of a socket's frames. */
  readonly delayMsMax: number;
  /** Longest answer time of a slow snapshot. */
  readonly slowMsMax: number;
  /** Longest time of flapping or refusing. */
  readonly outageMsMax: number;
  /** After so many faults in all there are no more; null for no end. */
  readonly most: number | null;
  /** Only frames of these; null for all. */
  readonly channels: readonly ('book' | 'trades')[] | null;
  readonly symbols: readonly string[] | null;
};

export const FAULT_PLAN_DEFAULT: FaultPlan = {
  rates: {},
  seed: 1,
  delayMsMax: 1_000,
  slowMsMax: 5_000,
  outageMsMax: 3_000,
  most: null,
  channels: null,
  symbols: null,
};

const NUMBERS = ['seed', 'delayMsMax', 'slowMsMax', 'outageMsMax', 'most'] as const;
type NumberKey = (typeof NUMBERS)[number];

/** More than every frame is no rate; a venue cannot flap more than ten times a second, its tick. */
const RATE_MAX: Readonly<Record<'frames' | 'requests' | 'seconds', number>> = {
  frames: 1_000,
  requests: 1_000,
  seconds: 10,
};

const EXPECTED = `${FAULT_KINDS.join(', ')}, ${NUMBERS.join(', ')}, channels or symbols`;

function numberOf(name: string, value: unknown, most: number): number {
  const isWritten = typeof value === 'number' || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value));
  const number = isWritten ? Number(value) : Number.NaN;
  if (!(number >= 0 && number <= most)) {
    throw new UsageError(`--faults: expected a ${name} from 0 to ${most}, was ${JSON.stringify(value)}`);
  }
  return number;
}

const isNumberKey = (key: string): key is NumberKey => (NUMBERS as readonly string[]).includes(key);

function listOf(name: string, value: unknown): string[] {
  const list = typeof value === 'string' ? value.split('+') : value;
  if (Array.isArray(list) && list.every((item) => typeof item === 'string')) return list;
  throw new UsageError(`--faults: expected ${name} as a list of texts, was ${JSON.stringify(value)}`);
}

function channelsOf(value: unknown): ('book' | 'trades')[] {
  return listOf('channels', value).map((name) => {
    if (name === 'book' || name === 'trades') return name;
    throw new UsageError(`--faults: expected channels to be book or trades, was ${JSON.stringify(name)}`);
  });
}

/** A plan from names and values. Throws a UsageError that names what is wrong. */
export function faultPlanOf(values: Readonly<Record<string, unknown>>): FaultPlan {
  const rates: Partial<Record<FaultKind, number>> = {};
  const given: { -readonly [Key in keyof FaultPlan]?: FaultPlan[Key] } = {};
  for (const [name, value] of Object.entries(values)) {
    if (isFaultKind(name)) rates[name] = numberOf(`rate of ${name}`, value, RATE_MAX[FAULTS[name]]);
    else if (isNumberKey(name)) given[name] = numberOf(name, value, Number.MAX_SAFE_INTEGER);
    else if (name === 'channels') given.channels = channelsOf(value);
    else if (name === 'symbols') given.symbols = listOf(name, value);
    else throw new UsageError(`--faults: expected ${EXPECTED}, was ${JSON.stringify(name)}`);
  }
  return { ...FAULT_PLAN_DEFAULT, ...given, rates };
}

/** `gap=1,duplicate=2,seed=7`: kinds with their rates, and bounds by name. */
export function parseFaultPlan(text: string): FaultPlan {
  const pairs = text.split(',').map((pair): [string, string] => {
    const at = pair.indexOf('=');
    if (at <= 0) throw new UsageError(`--faults: expected KIND=RATE, was ${JSON.stringify(pair)}`);
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  });
  return faultPlanOf(Object.fromEntries(pairs));
}
