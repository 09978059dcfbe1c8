// How shards end before their time: the kinds, how one is recognised, and how many there were of each.

/** Kinds are what `/v1/stats` and metrics call them. */
export const DEATH_KINDS = [
  'throw',
  'rejection',
  'exit',
  'out-of-memory',
  'stack-overflow',
  'stuck',
  /** Ended from outside, through its task's signal: nothing it did was the reason. */
  'ended',
  /** It did not begin again. */
  'start',
] as const;
export type DeathKind = (typeof DEATH_KINDS)[number];

export type Death = { readonly kind: DeathKind; readonly reason: string };

/** What Piscina says of a thread that is gone (5.3). */
const EXITED = /^worker exited with code: /;
const STACK = /^Maximum call stack size exceeded/;

/**
 * The kind of an error that a task was rejected with. A task that throws has left its loop (`wasRunning` false); what
 * comes from a thread whose task never left it was thrown elsewhere: a promise that nobody waited for.
 */
export function deathOf(error: unknown, wasRunning: boolean): Death {
  const reason = error instanceof Error ? error.message : String(error);
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return { kind: 'out-of-memory', reason };
  if (name === 'AbortError') return { kind: 'ended', reason };
  if (EXITED.test(reason)) return { kind: 'exit', reason };
  if (STACK.test(reason)) return { kind: 'stack-overflow', reason };
  return { kind: wasRunning ? 'rejection' : 'throw', reason };
}

/** What a thread ends with that is ended by `terminate()`, as by an operator's tool or a test. */
const TERMINATED = /^worker exited with code: 1$/;

/** Whether what the shard did ended it, so that the record in hand may be the reason; a code of its own choice says so too. */
export function isOwnEnd({ kind, reason }: Death): boolean {
  if (kind === 'ended' || kind === 'start') return false;
  return kind !== 'exit' || !TERMINATED.test(reason);
}

/** Deaths by kind, all kinds from the start on, so that a series never begins by itself. */
export class DeathCounts {
  private readonly counts = new Map<DeathKind, number>(DEATH_KINDS.map((kind) => [kind, 0]));

  add(kind: DeathKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  report(): Record<string, number> {
    return Object.fromEntries(this.counts);
  }
}
