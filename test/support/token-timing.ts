// Measures whether the time of a refusal tells a token that is nearly right from one that is not (RELIABILITY T32).

import { type AccessToken, ROLES, tokenCheck } from '../../engine/base/token.ts';

export type TokenTiming = {
  /** Tries of each kind. */
  readonly tries: number;
  /** Welch's t of the two means; below 4.5 in size they cannot be told apart. */
  readonly t: number;
  readonly meanNs: { readonly wrong: number; readonly unknown: number };
  /** Tries that were let in: always 0. */
  readonly granted: number;
};

/** Tries timed as one: a single one is shorter than the clock can tell well. */
const TRIES_AT_ONCE = 20;
/** Of each kind: pauses of the machine, which fall on either kind by chance, are left out as is usual. */
const SLOWEST_SHARE = 0.05;

const TOKENS: readonly AccessToken[] = [
  { secret: 'a-first-Token-of-32-characters--', roles: ['ingest'] },
  { secret: 'secondToken-of-32-characters----', roles: ['read'] },
  { secret: 'third--Token-of-32-characters---', roles: ['admin'] },
];

/** All of one length, so that only what they are differs: right but for the last letter, or altogether another. */
const WRONG = TOKENS.map(({ secret }) => `Bearer ${secret.slice(0, -1)}x`);
const UNKNOWN = ['Q', 'm', '7'].map((letter) => `Bearer ${letter.repeat(TOKENS[0].secret.length)}`);

type Sums = { count: number; mean: number; variance: number };

function sumsOf(times: readonly number[]): Sums {
  const kept = [...times].sort((a, b) => a - b).slice(0, Math.ceil(times.length * (1 - SLOWEST_SHARE)));
  const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
  const variance = kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1);
  return { count: kept.length, mean, variance };
}

/** Runs `tries` of each kind in turn, which goes first changing by chance (`random` in [0, 1)). */
export function tokenTiming(tries: number, random: () => number): TokenTiming {
  const check = tokenCheck(TOKENS);
  const times: Record<'wrong' | 'unknown', number[]> = { wrong: [], unknown: [] };
  let granted = 0;
  const run = (kind: 'wrong' | 'unknown', round: number): void => {
    const headers = kind === 'wrong' ? WRONG : UNKNOWN;
    const header = headers[round % headers.length];
    const role = ROLES[round % ROLES.length];
    const start = process.hrtime.bigint();
    for (let i = 0; i < TRIES_AT_ONCE; i++) if (check(header, '', role) !== 'unknown') granted++;
    times[kind].push(Number(process.hrtime.bigint() - start) / TRIES_AT_ONCE);
  };
  const rounds = Math.max(2, Math.ceil(tries / TRIES_AT_ONCE));
  for (let round = 0; round < rounds; round++) {
    const isWrongFirst = random() < 0.5;
    run(isWrongFirst ? 'wrong' : 'unknown', round);
    run(isWrongFirst ? 'unknown' : 'wrong', round);
  }
  const [wrong, unknown] = [sumsOf(times.wrong), sumsOf(times.unknown)];
  const error = Math.sqrt(wrong.variance / wrong.count + unknown.variance / unknown.count);
  const t = error === 0 ? 0 : (wrong.mean - unknown.mean) / error;
  return { tries: rounds * TRIES_AT_ONCE, t, meanNs: { wrong: wrong.mean, unknown: unknown.mean }, granted };
}
