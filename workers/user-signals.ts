// Signals from users' files: each file is run in a context of its own, and one that throws or never returns is found.

import { createContext, Script } from 'node:vm';
import { decimalToFloat } from '../engine/base/decimal.ts';
import type { SignalFile } from '../engine/base/market-plans.ts';
import type { SignalSpec } from '../engine/base/signal-specs.ts';
import { SIGNAL_LOAD_MS, USER_SIGNAL_LEVELS } from '../schemas/config.ts';
import { SIGNAL_EVENT_NAMES, SignalEvent } from '../schemas/ids.ts';
import { shardWords } from '../schemas/shared-state.ts';
import type { UserBarView, UserBookView, UserSignal, UserTradeView } from '../schemas/user-signal.ts';
import { type LevelList, ladder } from './signals/ladder-view.ts';
import type { BarSignal, BarView, BookSignal, BookView, TradeSignal, TradeView } from './signals/signal.ts';

/** What is told of a signal that was switched off. */
export type SignalFault = { readonly op: 'signal-off'; readonly number: number; readonly message: string };

const BITS = 32;

/** Runs a file's code in a context without globals of ours. Throws what the file throws, or that it took too long. */
export function loadUserSignal({ path, source }: SignalFile): UserSignal {
  // Jobs of promises are run within the time limit too: the shard's own queue never comes up while it runs.
  const context = createContext(Object.create(null), { microtaskMode: 'afterEvaluate' });
  const script = new Script(`${source};userSignal.default`, { filename: path });
  return script.runInContext(context, { timeout: SIGNAL_LOAD_MS }) as UserSignal;
}

/** All users' signals of one shard: loads each file once, and keeps what is switched off. */
export class UserSignals {
  private readonly definitions: readonly UserSignal[];
  private readonly off: Int32Array;
  private readonly words: Int32Array;
  private readonly tell: (fault: SignalFault) => void;

  /** `off` has a bit per signal number, shared by all shards; `words` are the shard's. */
  constructor(files: readonly SignalFile[], off: Int32Array, words: Int32Array, tell: (fault: SignalFault) => void) {
    this.definitions = files.map(loadUserSignal);
    this.off = off;
    this.words = words;
    this.tell = tell;
  }

  make(spec: SignalSpec, number: number): GuardedSignal {
    return new GuardedSignal(this.definitions[spec.user], number, this);
  }

  isOff(number: number): boolean {
    return (Atomics.load(this.off, (number / BITS) | 0) & (1 << (number % BITS))) !== 0;
  }

  /** Names the running signal, so that one that never returns is known by the missing heartbeat. */
  enter(number: number): void {
    Atomics.store(this.words, shardWords.at.runningSignal, number + 1);
  }

  leave(): void {
    Atomics.store(this.words, shardWords.at.runningSignal, 0);
  }

  switchOff(number: number, error: unknown): void {
    const before = Atomics.or(this.off, (number / BITS) | 0, 1 << (number % BITS));
    if ((before & (1 << (number % BITS))) !== 0) return;
    let message = 'threw something that cannot be told';
    try {
      // Errors come from the file's own context, whose Error is another than ours.
      message = String(typeof error === 'object' && error !== null && 'message' in error ? error.message : error);
    } catch {
      // A thrown value whose text throws again.
    }
    this.tell({ op: 'signal-off', number, message: message.slice(0, 500) });
  }
}

/** Results are checked: a value that is no number counts as a fault of the file. */
function numberOf(value: unknown): number {
  if (value === undefined || value === null) return Number.NaN;
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return Number.NaN;
  if (typeof value !== 'number') throw new TypeError(`expected value to be a number or null, was ${typeof value}`);
  return value;
}

function eventOf(name: unknown): number {
  if (name === undefined || name === null) return SignalEvent.none;
  const event = (SIGNAL_EVENT_NAMES as readonly unknown[]).indexOf(name);
  if (event < 0) throw new TypeError('expected event to be null or one of the events of docs/signals.md');
  return event;
}

/** One user's signal of one market. What it is given is a copy: nothing it does to that reaches the engine. */
export class GuardedSignal implements BookSignal, TradeSignal, BarSignal {
  value = Number.NaN;
  second = Number.NaN;
  third = Number.NaN;
  isWarm = false;
  event: number = SignalEvent.none;
  readonly isStateless = false;
  private readonly definition: UserSignal;
  private readonly number: number;
  private readonly users: UserSignals;
  private state: unknown;
  private before: unknown;
  private hasStarted = false;

  constructor(definition: UserSignal, number: number, users: UserSignals) {
    this.definition = definition;
    this.number = number;
    this.users = users;
  }

  book(view: BookView): void {
    this.run(copyBook(view));
  }

  trade(view: TradeView): void {
    const { timeUs, price, quantity, side, matches } = view;
    this.run({ timeUs, price, quantity, side, matches });
  }

  /** A revised bar takes the place of the last one: the state before it comes back. */
  bar(view: BarView, isRevision: boolean): void {
    if (isRevision) this.state = this.before;
    else this.before = this.state;
    this.run({ ...view });
  }

  reset(): void {
    this.hasStarted = false;
    this.clear();
  }

  private clear(): void {
    this.value = Number.NaN;
    this.second = Number.NaN;
    this.third = Number.NaN;
    this.isWarm = false;
    this.event = SignalEvent.none;
  }

  private run(view: UserBookView | UserTradeView | UserBarView): void {
    const { users, number } = this;
    if (users.isOff(number)) {
      this.clear();
      return;
    }
    users.enter(number);
    try {
      this.take(view);
    } catch (error) {
      this.clear();
      users.switchOff(number, error);
    }
    users.leave();
  }

  private take(view: UserBookView | UserTradeView | UserBarView): void {
    if (!this.hasStarted) {
      this.state = this.definition.start();
      this.before = this.state;
      this.hasStarted = true;
    }
    const result = this.definition.update(this.state, view as never);
    this.state = result.state;
    this.value = numberOf(result.value);
    this.second = numberOf(result.second);
    this.third = numberOf(result.third);
    this.isWarm = result.isWarm ?? !Number.isNaN(this.value);
    this.event = eventOf(result.event);
  }
}

function copySide(side: LevelList): { price: number; quantity: number }[] {
  const { values } = side;
  const shown = Math.min(side.count, USER_SIGNAL_LEVELS);
  return Array.from({ length: shown }, (_, rank) => {
    const at = side.offsetOf(rank);
    return {
      price: decimalToFloat(values[at + ladder.priceMilli], values[at + ladder.priceAtto]),
      quantity: decimalToFloat(values[at + ladder.quantityMilli], values[at + ladder.quantityAtto]),
    };
  });
}

function copyBook({ timeUs, bids, asks }: BookView): UserBookView {
  return { timeUs, bids: copySide(bids), asks: copySide(asks) };
}
