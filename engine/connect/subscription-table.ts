// Owns what one connection has asked of its venue and how far the venue has answered, whatever order answers come in.
//
//   wanted --asked--> asked --acknowledged, or data--> subscribed
//   subscribed, asked --resubscribe--> unwanted --asked to end--> ending --acknowledged, refused--> wanted
//   asked --refused--> refused (wanted again after a wait, for some tries)

import { Backoff } from './backoff.ts';
import type { Subscription } from './protocol.ts';

export type Phase = 'wanted' | 'asked' | 'subscribed' | 'unwanted' | 'ending' | 'refused';

export type Entry = {
  readonly subscription: Subscription;
  phase: Phase;
  /** Never asked for. */
  isNew: boolean;
  /** When the phase began. */
  sinceMs: number;
  /** When it was last asked for, and when that was answered. */
  askedAtMs: number;
  answeredAtMs: number;
  /** Asked and not answered in time, in a row. */
  unanswered: number;
  /** Refusals in a row, and when it may be asked for again. */
  refusals: number;
  retryAtMs: number;
  readonly backoff: Backoff;
  /** Unsubscribe messages whose acknowledgement is still to come. */
  endsOpen: number;
  lastRefusal: string;
};

export type Batch = { readonly isSubscribe: boolean; readonly entries: readonly Entry[] };

/** Refusals of one subscription in a row after which it is left alone on this connection. */
export const REFUSALS_MAX = 4;

export function keyOf({ symbol, channel }: Subscription): string {
  return `${channel}:${symbol}`;
}

export class SubscriptionTable {
  readonly entries: readonly Entry[];
  lateAcknowledgements = 0;
  private readonly byKey = new Map<string, Entry>();
  /** To be asked for: for the first time, and again. */
  private readonly wanted = new Set<Entry>();
  private readonly again = new Set<Entry>();
  private readonly unwanted = new Set<Entry>();
  /** Asked for or asked to end, not yet answered; or refused for a while. */
  private readonly open = new Set<Entry>();

  constructor(subscriptions: readonly Subscription[], nowMs: number) {
    this.entries = subscriptions.map((subscription) => newEntry(subscription, nowMs));
    for (const entry of this.entries) {
      this.byKey.set(keyOf(entry.subscription), entry);
      this.wanted.add(entry);
    }
  }

  get(subscription: Subscription): Entry | null {
    return this.byKey.get(keyOf(subscription)) ?? null;
  }

  /** All are subscribed, or refused for good. */
  get isSettled(): boolean {
    return this.pending === 0;
  }

  get pending(): number {
    return this.wanted.size + this.again.size + this.unwanted.size + this.open.size;
  }

  /**
   * What is to be sent next: what is half-way through a resync, then the next resyncs, then the list of first
   * subscriptions, which may be long.
   */
  nextBatch(sizeMax: number): Batch | null {
    const from = [this.again, this.unwanted, this.wanted].find(({ size }) => size > 0);
    if (from === undefined) return null;
    const isSubscribe = from !== this.unwanted;
    const entries: Entry[] = [];
    for (const entry of from) if (entries.push(entry) >= sizeMax) break;
    return { isSubscribe, entries };
  }

  /** The batch went out. `needsAnswer` is false where the address asked for it. */
  sent(batch: Batch, nowMs: number, needsAnswer = true): void {
    for (const entry of batch.entries) {
      // It may have changed its mind while the texts of its batch went out one by one.
      if (entry.phase !== (batch.isSubscribe ? 'wanted' : 'unwanted')) continue;
      entry.isNew = false;
      if (batch.isSubscribe) entry.askedAtMs = nowMs;
      else entry.endsOpen++;
      this.enter(entry, batch.isSubscribe ? 'asked' : 'ending', nowMs);
      if (batch.isSubscribe && !needsAnswer) this.answer(entry, nowMs);
    }
  }

  /** True where the venue ended, unasked, a subscription that is wanted. */
  acknowledged(subscription: Subscription, isSubscribed: boolean, nowMs: number): boolean {
    const entry = this.get(subscription);
    if (entry === null) return false;
    if (isSubscribed) {
      if (entry.phase === 'asked') this.answer(entry, nowMs);
      else this.lateAcknowledgements++;
      return false;
    }
    if (entry.endsOpen > 0) {
      entry.endsOpen--;
      // Of an older message where it is not the end that is waited for: the subscription since then stands.
      if (entry.phase === 'ending') this.want(entry, nowMs);
      else this.lateAcknowledgements++;
      return false;
    }
    if (entry.phase !== 'subscribed') return false;
    this.want(entry, nowMs);
    return true;
  }

  /** Data came, which says more than an acknowledgement. */
  flowed(entry: Entry, nowMs: number): void {
    if (entry.phase === 'asked') this.answer(entry, nowMs);
  }

  /** A refusal of a subscription is retried after a wait; of an ending it says that there is nothing to end. */
  refused(subscription: Subscription, message: string, nowMs: number): Entry | null {
    const entry = this.get(subscription);
    if (entry === null) return null;
    entry.lastRefusal = message;
    if (entry.phase === 'ending') {
      entry.endsOpen = Math.max(0, entry.endsOpen - 1);
      this.want(entry, nowMs);
      return entry;
    }
    if (entry.phase !== 'asked') return null;
    entry.refusals++;
    entry.retryAtMs = entry.refusals < REFUSALS_MAX ? nowMs + entry.backoff.next() : Number.POSITIVE_INFINITY;
    this.enter(entry, 'refused', nowMs);
    return entry;
  }

  /** Ends it and asks for it anew. False where that is under way already. */
  resubscribe(subscription: Subscription, nowMs: number): boolean {
    const entry = this.get(subscription);
    if (entry === null || (entry.phase !== 'subscribed' && entry.phase !== 'asked')) return false;
    this.enter(entry, 'unwanted', nowMs);
    return true;
  }

  /** Asks again for what is overdue; the result is what was asked for another triesMax times in vain. */
  overdue(nowMs: number, timeoutMs: number, triesMax: number): readonly Entry[] {
    const exhausted: Entry[] = [];
    for (const entry of [...this.open]) {
      if (entry.phase === 'refused') {
        if (nowMs >= entry.retryAtMs) this.want(entry, nowMs);
      } else if (nowMs - entry.sinceMs >= timeoutMs) {
        entry.unanswered++;
        if (entry.unanswered % triesMax === 0) exhausted.push(entry);
        this.enter(entry, entry.phase === 'asked' ? 'wanted' : 'unwanted', nowMs);
      }
    }
    return exhausted;
  }

  /** Entries that wait for an answer to their subscription. */
  *asked(): Generator<Entry> {
    for (const entry of this.open) if (entry.phase === 'asked') yield entry;
  }

  private answer(entry: Entry, nowMs: number): void {
    entry.unanswered = 0;
    entry.refusals = 0;
    entry.backoff.reset();
    entry.answeredAtMs = nowMs;
    this.enter(entry, 'subscribed', nowMs);
  }

  private want(entry: Entry, nowMs: number): void {
    entry.unanswered = 0;
    this.enter(entry, 'wanted', nowMs);
  }

  private enter(entry: Entry, phase: Phase, nowMs: number): void {
    this.wanted.delete(entry);
    this.again.delete(entry);
    this.unwanted.delete(entry);
    this.open.delete(entry);
    entry.phase = phase;
    entry.sinceMs = nowMs;
    if (phase === 'wanted') (entry.isNew ? this.wanted : this.again).add(entry);
    else if (phase === 'unwanted') this.unwanted.add(entry);
    else if (phase === 'asked' || phase === 'ending') this.open.add(entry);
    else if (phase === 'refused' && entry.retryAtMs !== Number.POSITIVE_INFINITY) this.open.add(entry);
  }
}

function newEntry(subscription: Subscription, nowMs: number): Entry {
  return {
    subscription,
    phase: 'wanted',
    isNew: true,
    sinceMs: nowMs,
    askedAtMs: nowMs,
    answeredAtMs: nowMs,
    unanswered: 0,
    refusals: 0,
    retryAtMs: 0,
    backoff: new Backoff(),
    endsOpen: 0,
    lastRefusal: '',
  };
}
