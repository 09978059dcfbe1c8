// Owns the limits of a simulated venue: what clients do is counted in sliding windows, and what is too much is a violation.

import type { Pace, VenueLimits } from '../connect/protocol.ts';

/**
 * What a client sent at its pace may arrive closer together. A window counts as shorter by this, at most a quarter of it,
 * so that only what was sent too fast is called so.
 */
const JITTER_MS = 100;
/** Requests answered with 429 after which the answer is 418 and the ban long, as Binance does (venues.md §1.7). */
const IGNORED_MAX = 5;
const BAN_MS = 120_000;

/** How much of something happened within the last window. */
export class SlidingCount {
  private readonly limit: number;
  private readonly windowMs: number;
  private readonly times: number[] = [];
  private readonly weights: number[] = [];
  private sum = 0;

  /** `scale` shortens the window. */
  constructor(pace: Pace, scale: number) {
    this.limit = pace.count;
    const windowMs = pace.windowMs / scale;
    this.windowMs = windowMs - Math.min(windowMs / 4, JITTER_MS);
  }

  /** Counts it; true where that makes too much. */
  isTooMuch(nowMs: number, weight: number = 1): boolean {
    this.forget(nowMs);
    this.times.push(nowMs);
    this.weights.push(weight);
    this.sum += weight;
    return this.sum > this.limit;
  }

  /** When the oldest leaves the window. */
  freeAtMs(nowMs: number): number {
    this.forget(nowMs);
    return this.times.length === 0 ? nowMs : this.times[0] + this.windowMs;
  }

  private forget(nowMs: number): void {
    let gone = 0;
    while (gone < this.times.length && this.times[gone] <= nowMs - this.windowMs) this.sum -= this.weights[gone++];
    if (gone === 0) return;
    this.times.splice(0, gone);
    this.weights.splice(0, gone);
  }
}

/** What breaks a limit. Venues' sessions add rules of their own, such as `subscriptions`. */
export type Violation = { readonly rule: string; readonly timeMs: number; readonly detail: string };

const VIOLATIONS_KEPT = 1_000;

export class Violations {
  readonly entries: Violation[] = [];
  private readonly counters = new Map<string, number>();
  total = 0;

  note(rule: string, timeMs: number, detail: string): void {
    this.total++;
    this.counters.set(rule, (this.counters.get(rule) ?? 0) + 1);
    if (this.entries.length < VIOLATIONS_KEPT) this.entries.push({ rule, timeMs, detail });
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.counters);
  }
}

/** Subscribing and unsubscribing, however a venue spells it. */
const SUBSCRIBING = /subscribe/i;

/** What one connection may send. */
export class ConnectionLimits {
  private readonly messages: SlidingCount;
  private readonly requests: SlidingCount | null;

  constructor(limits: VenueLimits, scale: number) {
    this.messages = new SlidingCount(limits.messages, scale);
    this.requests = limits.requests === null ? null : new SlidingCount(limits.requests, scale);
  }

  /** The rule that a message breaks, or null. */
  ofMessage(text: string, nowMs: number): string | null {
    if (this.messages.isTooMuch(nowMs)) return 'messages';
    if (this.requests !== null && SUBSCRIBING.test(text) && this.requests.isTooMuch(nowMs)) return 'requests';
    return null;
  }

  /** Protocol pings of the client count as messages. */
  ofPing(nowMs: number): string | null {
    return this.messages.isTooMuch(nowMs) ? 'messages' : null;
  }
}

type Address = { readonly connects: SlidingCount; readonly rest: SlidingCount; bannedUntilMs: number; ignored: number };

export type RestVerdict = { readonly status: 429 | 418; readonly retryAfterS: number; readonly rule: string };

/** What one address may do over all its connections and requests. */
export class AddressLimits {
  private readonly limits: VenueLimits;
  private readonly scale: number;
  private readonly addresses = new Map<string, Address>();

  constructor(limits: VenueLimits, scale: number) {
    this.limits = limits;
    this.scale = scale;
  }

  /** True where the address connects too often. */
  isConnectTooMuch(address: string, nowMs: number): boolean {
    return this.addressOf(address).connects.isTooMuch(nowMs);
  }

  /** Null where the request may be answered. */
  ofRequest(address: string, weight: number, nowMs: number): RestVerdict | null {
    const known = this.addressOf(address);
    if (nowMs < known.bannedUntilMs) return this.ignored(known, nowMs);
    known.ignored = 0;
    if (!known.rest.isTooMuch(nowMs, weight)) return null;
    known.bannedUntilMs = known.rest.freeAtMs(nowMs);
    return this.verdict(known, 429, 'rest', nowMs);
  }

  private ignored(address: Address, nowMs: number): RestVerdict {
    address.ignored++;
    if (address.ignored < IGNORED_MAX) return this.verdict(address, 429, 'rest-ignored', nowMs);
    if (address.ignored === IGNORED_MAX) address.bannedUntilMs = nowMs + BAN_MS / this.scale;
    return this.verdict(address, 418, 'rest-banned', nowMs);
  }

  private verdict(address: Address, status: 429 | 418, rule: string, nowMs: number): RestVerdict {
    return { status, rule, retryAfterS: Math.max(1, Math.ceil((address.bannedUntilMs - nowMs) / 1_000)) };
  }

  private addressOf(name: string): Address {
    const known = this.addresses.get(name);
    if (known !== undefined) return known;
    const made: Address = {
      connects: new SlidingCount(this.limits.connects, this.scale),
      rest: new SlidingCount(this.limits.rest, this.scale),
      bannedUntilMs: Number.NEGATIVE_INFINITY,
      ignored: 0,
    };
    this.addresses.set(name, made);
    return made;
  }
}
