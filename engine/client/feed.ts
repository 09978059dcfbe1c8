// One subscription of the engine: its item in requests, its answers, and what of it comes in; loops share it by mailboxes.

import type { Gap, ResumeItem, StreamMessage, SubscribeItem, SubscriptionOptions } from '../../schemas/feed.ts';
import type { ClientError } from './errors.ts';
import type { ClientStats } from './stats.ts';

/** What feeds need of their client. */
export type FeedParts = {
  readonly stats: ClientStats;
  readonly onGap: (gap: Gap) => void;
  /** Subscribes the feed anew: what it holds is wrong. */
  readonly resync: (feed: Feed) => void;
};

type Waiter = { readonly resolve: () => void; readonly reject: (error: Error) => void };

/** A wildcard's fixed beginning: `bbo.`, `book.binance:`; null for one channel. */
export function prefixOf(channel: string): string | null {
  return channel.endsWith('.*') || channel.endsWith(':*') ? channel.slice(0, -1) : null;
}

export abstract class Feed {
  readonly channel: string;
  readonly prefix: string | null;
  readonly options: SubscriptionOptions;
  /** The engine took the item on this connection; until then nothing that comes is of it. */
  isConfirmed = false;
  /** The engine took the item some time: it was no mistake of the caller. */
  wasConfirmed = false;
  protected readonly parts: FeedParts;
  /** Resumed, and what was missed may still be under way. */
  protected isBehind = false;
  private readonly waiters: Waiter[] = [];
  private error: ClientError | null = null;
  private hasLeft = false;

  constructor(channel: string, options: SubscriptionOptions, parts: FeedParts) {
    this.channel = channel;
    this.prefix = prefixOf(channel);
    this.options = options;
    this.parts = parts;
  }

  /** In touch, and told of all there is up to now. */
  get isConnected(): boolean {
    return this.isConfirmed && !this.isBehind;
  }

  /** As it stands in `args`. */
  get item(): SubscribeItem {
    return Object.keys(this.options).length === 0 ? this.channel : { channel: this.channel, ...this.options };
  }

  /** As it stands in `args` of a resume; null where there is nothing to go on from. */
  get resumeItem(): ResumeItem | null {
    const seq = this.prefix === null ? this.heldSeq : null;
    return seq === null ? null : { channel: this.channel, seq, ...this.options };
  }

  covers(channel: string): boolean {
    return this.prefix === null ? channel === this.channel : channel.startsWith(this.prefix);
  }

  /** Both would get messages of one channel, which a connection has only once. */
  overlaps(other: Feed): boolean {
    if (other.prefix === null) return this.covers(other.channel);
    return this.prefix === null ? other.covers(this.channel) : this.covers(other.prefix) || other.covers(this.prefix);
  }

  ready(): Promise<void> {
    if (this.isConfirmed || this.hasLeft) return Promise.resolve();
    if (this.error !== null) return Promise.reject(this.error);
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
  }

  /** Nobody loops over it any more. */
  left(): void {
    this.hasLeft = true;
    for (const { resolve } of this.waiters.splice(0)) resolve();
  }

  confirmed(isResumed: boolean): void {
    this.isConfirmed = true;
    const isBack = this.wasConfirmed;
    this.wasConfirmed = true;
    this.isBehind = isResumed;
    if (isResumed) this.resumed();
    else this.begun(isBack);
    for (const { resolve } of this.waiters.splice(0)) resolve();
  }

  /** All that was missed has come. */
  caughtUp(): void {
    if (!this.isBehind || !this.isConfirmed) return;
    this.isBehind = false;
    this.current();
  }

  /** It cannot go on: every loop is told. */
  failed(error: ClientError): void {
    this.error = error;
    this.isConfirmed = false;
    for (const { reject } of this.waiters.splice(0)) reject(error);
    this.failLoops(error);
  }

  /** The connection is lost. */
  interrupted(): void {
    this.isConfirmed = false;
    this.isBehind = false;
  }

  /** The number to resume after. */
  protected abstract get heldSeq(): number | null;
  /** All that was missed follows. */
  protected abstract resumed(): void;
  /** All that was missed is here. */
  protected abstract current(): void;
  /** The engine begins with current values; `isBack` where the feed had been there before. */
  protected abstract begun(isBack: boolean): void;
  protected abstract failLoops(error: ClientError): void;
  abstract take(message: StreamMessage): void;
  abstract get loops(): number;
}
