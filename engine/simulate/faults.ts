// Owns which fault strikes which frame, request or moment: seeded per subscription, counted and logged.

import { type Random, seededRandom } from '../synthetic/random.ts';
import { corruptDigit } from './corrupt-digit.ts';
import { FAULT_KINDS, FAULTS, type FaultEntry, type FaultKind, type FaultLog } from './fault-log.ts';
import { FAULT_PLAN_DEFAULT, type FaultPlan } from './fault-plan.ts';

/** What is to be done with one data frame. */
export type FrameFault =
  | { readonly kind: 'gap' | 'half-open' | 'silent' | 'counter-reset' }
  /** Sent so many times in all. */
  | { readonly kind: 'duplicate'; readonly copies: number }
  /** Sent after so many further frames of its subscription. */
  | { readonly kind: 'reorder'; readonly positions: number }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'corrupt'; readonly text: string }
  /** The connection ends after so many bytes of the frame as it goes over the wire. */
  | { readonly kind: 'cut'; readonly bytes: number };

/** A fault ordered for the next frame or request that suits it. */
export type FaultOrder = {
  readonly kind: FaultKind;
  readonly symbol?: string;
  readonly channel?: 'book' | 'trades';
  /** Of a cut: the byte; else drawn. */
  readonly bytes?: number;
};

export type RequestFault = { readonly kind: '429' } | { readonly kind: 'slow-snapshot'; readonly slowMs: number };

export type Channel = 'book' | 'trades';

type Lane = { readonly symbol: string; readonly channel: Channel; readonly random: Random; frame: number };

const FRAME_KINDS = FAULT_KINDS.filter((kind) => FAULTS[kind] === 'frames');

/** A frame changes places with up to fifteen others: a window of 2 to 16. */
const REORDER_POSITIONS_MAX = 15;
const COPIES_MIN = 2;
const COPIES_MAX = 5;
const DELAY_MS_MIN = 10;
const OUTAGE_MS_MIN = 200;
/** Frames whose counters or digits nobody could check: they are of the book alone. */
const BOOK_ONLY: readonly FaultKind[] = ['corrupt', 'counter-reset'];

/** Bytes of an unmasked WebSocket frame before its payload (RFC 6455 §5.2). */
export function headerBytes(payloadBytes: number): number {
  if (payloadBytes < 126) return 2;
  return payloadBytes < 65_536 ? 4 : 10;
}

export class Faults {
  readonly log: FaultLog;
  private readonly nowMs: () => number;
  private plan: FaultPlan = FAULT_PLAN_DEFAULT;
  private isOn = false;
  private left = Number.POSITIVE_INFINITY;
  private readonly lanes = new Map<string, Lane>();
  private readonly orders: FaultOrder[] = [];
  private requests = seededRandom(1, 'requests');
  private moments = seededRandom(1, 'moments');
  private flapUntilMs = Number.NEGATIVE_INFINITY;
  private refuseUntilMs = Number.NEGATIVE_INFINITY;

  constructor(log: FaultLog, nowMs: () => number) {
    this.log = log;
    this.nowMs = nowMs;
  }

  /** Begins a plan with its seed, whatever was before. */
  start(plan: FaultPlan): void {
    this.plan = plan;
    this.isOn = true;
    this.left = plan.most ?? Number.POSITIVE_INFINITY;
    this.lanes.clear();
    this.requests = seededRandom(plan.seed, 'requests');
    this.moments = seededRandom(plan.seed, 'moments');
  }

  /** No new faults; outages end at once, orders are forgotten. */
  stop(): void {
    this.isOn = false;
    this.orders.length = 0;
    this.flapUntilMs = Number.NEGATIVE_INFINITY;
    this.refuseUntilMs = Number.NEGATIVE_INFINITY;
  }

  /** One fault, whatever the plan. Of flapping and refusing the outage begins now. */
  order(order: FaultOrder): void {
    if (FAULTS[order.kind] === 'seconds') this.beginOutage(order.kind, this.plan.outageMsMax);
    else this.orders.push(order);
  }

  get ordersLeft(): number {
    return this.orders.length;
  }

  /** New connections are accepted and closed at once. */
  get isFlapping(): boolean {
    return this.nowMs() < this.flapUntilMs;
  }

  /** New connections are refused. */
  get isRefusing(): boolean {
    return this.nowMs() < this.refuseUntilMs;
  }

  /** The fault of one data frame, or null; at most one a frame. What is drawn depends on the subscription's own frames alone. */
  ofFrame(symbol: string, channel: Channel, text: string): FrameFault | null {
    const lane = this.laneOf(symbol, channel);
    lane.frame++;
    const ordered = this.takeOrder((order) => suitsFrame(order, lane));
    if (ordered !== null) return this.make(lane, ordered.kind, text, ordered.bytes ?? null);
    if (!this.isOn) return null;
    const kind = this.draw(FRAME_KINDS, lane.random);
    if (kind === null || this.left <= 0 || !this.isMeant(lane)) return null;
    if (channel !== 'book' && BOOK_ONLY.includes(kind)) return null;
    return this.make(lane, kind, text, null);
  }

  /** The fault of a REST request; 429 of any, slowness of book snapshots alone. */
  ofRequest(path: string, isSnapshot: boolean): RequestFault | null {
    if (this.isStruck('429', path)) return { kind: '429' };
    if (!isSnapshot || !this.isStruck('slow-snapshot', path)) return null;
    const slowMs = this.between(this.requests, this.plan.slowMsMax / 10, this.plan.slowMsMax);
    return { kind: 'slow-snapshot', slowMs };
  }

  /** Whether a snapshot is to be answered as the book was before. */
  isStale(path: string): boolean {
    return this.isStruck('stale-snapshot', path);
  }

  /** Once each tick: outages begin by chance. */
  tick(tickMs: number): void {
    if (!this.isOn) return;
    for (const kind of ['flapping', 'refuse'] as const) {
      const isStruck = this.moments.chance(((this.plan.rates[kind] ?? 0) * tickMs) / 1_000);
      if (!isStruck || this.left <= 0) continue;
      this.left--;
      this.beginOutage(kind, this.between(this.moments, OUTAGE_MS_MIN, this.plan.outageMsMax));
    }
  }

  private beginOutage(kind: FaultKind, outageMs: number): void {
    const untilMs = this.nowMs() + outageMs;
    if (kind === 'flapping') this.flapUntilMs = untilMs;
    else this.refuseUntilMs = untilMs;
    this.note(kind, null, null, null, `${outageMs} ms`);
  }

  private laneOf(symbol: string, channel: Channel): Lane {
    const key = `${channel}:${symbol}`;
    let lane = this.lanes.get(key);
    if (lane === undefined) {
      lane = { symbol, channel, random: seededRandom(this.plan.seed, key), frame: 0 };
      this.lanes.set(key, lane);
    }
    return lane;
  }

  private isMeant({ symbol, channel }: Lane): boolean {
    const { channels, symbols } = this.plan;
    return (channels === null || channels.includes(channel)) && (symbols === null || symbols.includes(symbol));
  }

  /** One number of the generator decides, so that the draws of a lane stay in step whatever the rates. */
  private draw(kinds: readonly FaultKind[], random: Random): FaultKind | null {
    let left = random.uniform() * 1_000;
    for (const kind of kinds) {
      left -= this.plan.rates[kind] ?? 0;
      if (left < 0) return kind;
    }
    return null;
  }

  private isStruck(kind: FaultKind, path: string): boolean {
    const isOrdered = this.takeOrder((order) => order.kind === kind && path.includes(order.symbol ?? '')) !== null;
    const isDrawn = this.isOn && this.requests.chance((this.plan.rates[kind] ?? 0) / 1_000) && this.left > 0;
    if (!isOrdered && !isDrawn) return false;
    if (!isOrdered) this.left--;
    this.note(kind, null, null, null, path);
    return true;
  }

  private takeOrder(suits: (order: FaultOrder) => boolean): FaultOrder | null {
    const index = this.orders.findIndex(suits);
    return index < 0 ? null : this.orders.splice(index, 1)[0];
  }

  private make(lane: Lane, kind: FaultKind, text: string, bytes: number | null): FrameFault | null {
    const { random } = lane;
    switch (kind) {
      case 'gap':
      case 'half-open':
      case 'silent':
      case 'counter-reset':
        return this.noted(lane, { kind }, '');
      case 'duplicate': {
        const copies = COPIES_MIN + random.integer(COPIES_MAX - COPIES_MIN + 1);
        return this.noted(lane, { kind, copies }, `${copies} copies`);
      }
      case 'reorder': {
        const positions = 1 + random.integer(REORDER_POSITIONS_MAX);
        return this.noted(lane, { kind, positions }, `${positions} later`);
      }
      case 'delay': {
        const delayMs = this.between(random, DELAY_MS_MIN, this.plan.delayMsMax);
        return this.noted(lane, { kind, delayMs }, `${delayMs} ms`);
      }
      case 'corrupt':
        return this.corrupt(lane, text);
      case 'cut':
        return this.cut(lane, text, bytes);
      default:
        return null;
    }
  }

  private corrupt(lane: Lane, text: string): FrameFault | null {
    const changed = corruptDigit(text, lane.random);
    if (changed === null) return null;
    return this.noted(lane, { kind: 'corrupt', text: changed.text }, `${changed.before} to ${changed.after}`);
  }

  /** Anywhere in header or payload, but never the whole frame. */
  private cut(lane: Lane, text: string, bytes: number | null): FrameFault {
    const payloadBytes = Buffer.byteLength(text);
    const wireBytes = headerBytes(payloadBytes) + payloadBytes;
    const drawn = bytes === null ? lane.random.integer(wireBytes) : Math.min(bytes, wireBytes - 1);
    return this.noted(lane, { kind: 'cut', bytes: drawn }, `after ${drawn} of ${wireBytes} bytes`);
  }

  private noted(lane: Lane, fault: FrameFault, detail: string): FrameFault {
    this.left--;
    this.note(fault.kind, lane.symbol, lane.channel, lane.frame, detail);
    return fault;
  }

  private note(kind: FaultKind, symbol: string | null, channel: Channel | null, frame: number | null, detail: string) {
    const entry: FaultEntry = { kind, timeMs: this.nowMs(), symbol, channel, frame, detail };
    this.log.note(entry);
  }

  /** A whole number from `least` to `most`, or `most` where that is less. */
  private between(random: Random, least: number, most: number): number {
    const from = Math.min(Math.round(least), most);
    return from + random.integer(most - from + 1);
  }
}

function suitsFrame(order: FaultOrder, lane: Lane): boolean {
  if (FAULTS[order.kind] !== 'frames') return false;
  if (BOOK_ONLY.includes(order.kind) && lane.channel !== 'book') return false;
  if (order.symbol !== undefined && order.symbol !== lane.symbol) return false;
  return order.channel === undefined || order.channel === lane.channel;
}
