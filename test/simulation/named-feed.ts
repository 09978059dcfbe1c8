// A producer with a name: it keeps what it has sent until that is acknowledged, and goes on where the engine says.

import type { Choices } from './choices.ts';
import type { FaultLevels } from './faults.ts';
import type { MemorySocket } from './memory-sockets.ts';
import type { TrueMarket } from './truth.ts';
import type { Feed, SentFrame } from './venue-feed.ts';
import { brokenText } from './venue-feed.ts';
import type { Wire } from './wire.ts';

export type NamedParts = {
  readonly connect: () => NamedSocket;
  readonly fail: (what: string) => never;
  readonly note: (event: string) => void;
};

export type NamedSocket = { readonly socket: MemorySocket; receive(frame: SentFrame): void };

export class NamedFeed implements Feed {
  readonly wire: Wire;
  readonly markets: readonly TrueMarket[];
  /** Number up to which the engine has said that all is safe. */
  acknowledged = 0;
  private readonly choices: Choices;
  private readonly parts: NamedParts;
  /** Message n lies at n - 1. */
  private readonly log: SentFrame[] = [];
  private named: NamedSocket | null = null;
  /** Number of the last message sent on this connection; null before the welcome. */
  private sent: number | null = null;
  private mustState = false;
  /** What the next welcome must say; null where it may say anything behind what is acknowledged. */
  private mustWelcome: number | null = null;
  private isHoled = false;
  /** Messages up to this one may lie in a hole of the journal: the engine said so of their markets, and goes on behind them. */
  unsureTo = 0;

  constructor(wire: Wire, markets: readonly TrueMarket[], choices: Choices, parts: NamedParts) {
    this.wire = wire;
    this.markets = markets;
    this.choices = choices;
    this.parts = parts;
  }

  /** Frames of each market are whole from its first snapshot on. */
  private begin(timeMs: number): void {
    if (this.log.length > 0) return;
    for (const market of this.markets) this.snapshot(market, timeMs);
  }

  happen(timeMs: number, faults: FaultLevels): void {
    this.begin(timeMs);
    const { wire, choices, log } = this;
    const market = choices.pick(this.markets);
    const trade = choices.chance(0.3) ? market.trade(timeMs) : undefined;
    const text = trade === undefined ? wire.change(market, market.change(timeMs)) : wire.trade(market, trade);
    if (choices.chance(faults.malformed))
      log.push({ text: brokenText(text, choices), market: null, kind: 'malformed' });
    log.push(trade === undefined ? { text, market, kind: 'change' } : { text, market, kind: 'trade', trade });
  }

  snapshot(market: TrueMarket, timeMs: number): void {
    this.log.push({ text: this.wire.snapshot(market, timeMs), market, kind: 'snapshot' });
  }

  open(timeMs: number): void {
    this.begin(timeMs);
    this.listen();
    if (this.named === null) this.named = this.parts.connect();
    this.listen();
  }

  /** What the engine says: where to go on, what is safe, what was wrong. */
  private listen(): void {
    const { named } = this;
    if (named === null) return;
    for (let text = named.socket.read(); text !== undefined; text = named.socket.read()) {
      const { op, seq, lastSeq } = JSON.parse(text) as { op: string; seq: number; lastSeq: number };
      if (op === 'welcome') this.welcome(lastSeq);
      else if (op === 'ack') this.acknowledge(seq);
    }
    if (named.socket.closeCode !== null) this.forget();
  }

  private welcome(lastSeq: number): void {
    const { acknowledged, log, parts } = this;
    if (lastSeq < acknowledged) parts.fail(`welcomed behind ${lastSeq}, though ${acknowledged} was acknowledged`);
    if (lastSeq > log.length) parts.fail(`welcomed behind ${lastSeq}, of ${log.length} messages`);
    const { mustWelcome } = this;
    if (mustWelcome !== null && lastSeq !== mustWelcome)
      parts.fail(`welcomed behind ${lastSeq}, though ${mustWelcome} is the last that was kept`);
    this.mustWelcome = null;
    if (this.isHoled) this.unsureTo = lastSeq;
    this.isHoled = false;
    this.sent = lastSeq;
  }

  private acknowledge(seq: number): void {
    if (seq < this.acknowledged || seq > this.log.length)
      this.parts.fail(`acknowledged ${seq}, after ${this.acknowledged} of ${this.log.length}`);
    this.acknowledged = seq;
  }

  lose(): void {
    this.listen();
    this.forget();
  }

  /** The process has ended: what was acknowledged is kept, and the next one goes on behind the last that is. */
  expectAfter(isKept: (number: number) => boolean): void {
    const { acknowledged, unsureTo, log, parts } = this;
    for (let number = unsureTo + 1; number <= acknowledged; number++)
      if (!isKept(number)) parts.fail(`message ${number} is in no journal, though ${acknowledged} was acknowledged`);
    this.mustWelcome = Math.max(0, ...log.flatMap((_, index) => (isKept(index + 1) ? [index + 1] : [])));
  }

  /** Which of the messages it has is not known. */
  expectHole(): void {
    this.mustWelcome = null;
    this.isHoled = true;
  }

  private forget(): void {
    this.named = null;
    this.sent = null;
    this.mustState = false;
  }

  get isOpen(): boolean {
    return this.named !== null;
  }

  cut(): void {
    this.listen();
    this.named?.socket.finish(1006);
    this.forget();
  }

  deliver(most: number): number {
    this.listen();
    let count = 0;
    for (; count < most && this.named !== null && this.sent !== null && this.sent < this.log.length; count++) {
      const number = ++this.sent;
      this.named.receive(this.stated(number));
      // Now and then a message is sent again, and says so.
      if (this.choices.chance(0.03)) this.repeat();
    }
    return count;
  }

  private repeat(): void {
    const number = this.choices.between(1, this.sent ?? 1);
    const frame = this.log[number - 1];
    const next = this.log[this.sent ?? 0];
    if (frame.kind === 'malformed' || next === undefined || next.kind === 'malformed') return;
    this.named?.receive({ ...frame, text: `{"seq":${number},"messages":[${frame.text}]}`, isRepeat: true });
    // What followed without a number would be the message behind the one that was stated.
    this.mustState = true;
  }

  private stated(number: number): SentFrame {
    const frame = { ...this.log[number - 1], number };
    // A malformed message cannot say which it is.
    if (frame.kind === 'malformed' || (!this.mustState && this.choices.chance(0.5))) return frame;
    this.mustState = false;
    return { ...frame, text: `{"seq":${number},"messages":[${frame.text}]}` };
  }

  release(): void {}

  /** Everything was taken and acknowledged. */
  get isSettled(): boolean {
    this.listen();
    return this.acknowledged === this.log.length;
  }
}
