// Users' signals that were switched off, and why: kept in shared bits that all shards read, told once each.

import type { SignalSpec } from '../base/signal-specs.ts';

export type SignalOff = { readonly name: string; readonly reason: string };

const BITS = 32;

type Fault = { readonly op: 'signal-off'; readonly number: number; readonly message: string };

function isFault(message: unknown): message is Fault {
  return typeof message === 'object' && message !== null && 'op' in message && message.op === 'signal-off';
}

export class SignalSwitches {
  private readonly words: Int32Array;
  private readonly signals: readonly SignalSpec[];
  private readonly onEvent: (sentence: string) => void;
  private readonly off = new Map<number, SignalOff>();

  constructor(words: SharedArrayBuffer, signals: readonly SignalSpec[], onEvent: (sentence: string) => void) {
    this.words = new Int32Array(words);
    this.signals = signals;
    this.onEvent = onEvent;
  }

  /** A message of a shard. */
  take(message: unknown): void {
    if (isFault(message)) this.note(message.number, `threw: ${message.message}`);
  }

  /** No shard runs it from now on. */
  switchOff(number: number, reason: string): void {
    Atomics.or(this.words, Math.floor(number / BITS), 1 << (number % BITS));
    this.note(number, reason);
  }

  private note(number: number, reason: string): void {
    if (this.off.has(number)) return;
    const { name } = this.signals[number];
    this.off.set(number, { name, reason });
    this.onEvent(`signal ${name} is switched off: it ${reason}`);
  }

  /** Those switched off so far. */
  list(): SignalOff[] {
    return [...this.off.values()];
  }
}
