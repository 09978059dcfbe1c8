// One producer that passes a venue's frames on: what happens in its markets, and what the way to the engine does to it.

import type { Choices } from './choices.ts';
import type { FaultLevels } from './faults.ts';
import type { TrueMarket, TrueTrade } from './truth.ts';
import type { Wire } from './wire.ts';

/** What a frame holds, for the accounts: at most one change or one trade of one market. */
export type SentFrame = {
  readonly text: string;
  readonly market: TrueMarket | null;
  readonly kind: 'change' | 'snapshot' | 'trade' | 'malformed';
  /** Sent before under the same number. */
  readonly isRepeat?: boolean;
  /** What a trade's frame says. */
  readonly trade?: TrueTrade;
  /** Of a producer with a name: which message it is. */
  readonly number?: number;
};

/** A producer, with a name or without. */
export interface Feed {
  readonly wire: Wire;
  readonly markets: readonly TrueMarket[];
  readonly isOpen: boolean;
  /** Something happens at the venue. */
  happen(timeMs: number, faults: FaultLevels): void;
  snapshot(market: TrueMarket, timeMs: number, faults: FaultLevels): void;
  open(timeMs: number): void;
  cut(): void;
  /** The engine's process has ended: nothing more is heard of it. */
  lose(): void;
  /** The engine's end takes up to `most` frames; returns how many. */
  deliver(most: number): number;
  /** Nothing is held back any more. */
  release(): void;
}

const BROKEN = ['{', '[]]', '{"e":"depthUpdate"}', 'null', '{"a":1e999}', '\u0000', '{"stream":"x","data":7}', '"'];

/** A text that is no frame: half of one, or something else. */
export function brokenText(text: string, choices: Choices): string {
  return choices.chance(0.5) ? text.slice(0, choices.between(1, text.length - 1)) : choices.pick(BROKEN);
}

/** The shape of the other end: the engine's side of a connection. */
export type FeedSocket = { receive(frame: SentFrame): void; close(): void };

export class VenueFeed implements Feed {
  readonly wire: Wire;
  readonly markets: readonly TrueMarket[];
  private readonly choices: Choices;
  private readonly connect: () => FeedSocket;
  private socket: FeedSocket | null = null;
  /** On the way to the engine, oldest first. */
  private queue: SentFrame[] = [];
  /** Sent a second time, later. */
  private readonly echoes: SentFrame[] = [];
  private readonly late: SentFrame[] = [];

  constructor(wire: Wire, markets: readonly TrueMarket[], choices: Choices, connect: () => FeedSocket) {
    this.wire = wire;
    this.markets = markets;
    this.choices = choices;
    this.connect = connect;
  }

  /** Something happens at the venue; it is told to whoever is connected. */
  happen(timeMs: number, faults: FaultLevels): void {
    const market = this.choices.pick(this.markets);
    if (this.choices.chance(0.3)) {
      const trade = market.trade(timeMs);
      this.send({ text: this.wire.trade(market, trade), market, kind: 'trade', trade }, faults);
    } else {
      this.send({ text: this.wire.change(market, market.change(timeMs)), market, kind: 'change' }, faults);
    }
  }

  /** The producer fetches a snapshot, or subscribes anew, and passes the book on. */
  snapshot(market: TrueMarket, timeMs: number, faults: FaultLevels): void {
    const frame: SentFrame = { text: this.wire.snapshot(market, timeMs), market, kind: 'snapshot' };
    if (this.wire.isNumbered && this.choices.chance(faults.lateSnapshot)) this.late.push(frame);
    else this.push(frame);
  }

  private send(frame: SentFrame, faults: FaultLevels): void {
    if (this.socket === null) return;
    const { choices } = this;
    if (choices.chance(faults.malformed))
      this.push({ text: brokenText(frame.text, choices), market: null, kind: 'malformed' });
    if (!this.wire.isNumbered) {
      this.push(frame);
      return;
    }
    if (this.echoes.length > 0 && choices.chance(0.1)) this.queue.push(...this.echoes.splice(0, 1));
    if (this.late.length > 0 && choices.chance(0.2)) this.queue.push(...this.late.splice(0, 1));
    if (choices.chance(faults.lost)) return;
    this.push(frame);
    if (choices.chance(faults.repeated)) (choices.chance(0.5) ? this.queue : this.echoes).push(frame);
    if (choices.chance(faults.overtaken)) this.overtake();
  }

  private push(frame: SentFrame): void {
    if (this.socket !== null) this.queue.push(frame);
  }

  private overtake(): void {
    const { queue } = this;
    if (queue.length < 2) return;
    const [last] = queue.splice(-1, 1);
    queue.splice(-1, 0, last);
  }

  /** Opens the connection where there is none; a book without numbers begins with its snapshot. */
  open(timeMs: number): void {
    if (this.socket !== null) return;
    this.socket = this.connect();
    for (const market of this.markets) {
      if (!this.wire.isNumbered) this.push({ text: this.wire.snapshot(market, timeMs), market, kind: 'snapshot' });
    }
  }

  get isOpen(): boolean {
    return this.socket !== null;
  }

  /** The connection ends: what was on its way never comes. */
  cut(): void {
    this.socket?.close();
    this.lose();
  }

  lose(): void {
    this.socket = null;
    this.queue = [];
    this.echoes.length = 0;
    this.late.length = 0;
  }

  /** The engine's end takes up to `most` frames. */
  deliver(most: number): number {
    const frames = this.queue.splice(0, most);
    for (const frame of frames) this.socket?.receive(frame);
    return frames.length;
  }

  /** Nothing is held back any more. */
  release(): void {
    this.queue.push(...this.late.splice(0), ...this.echoes.splice(0));
  }
}
