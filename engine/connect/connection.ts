// Owns one connection to a venue: its socket, greeting, subscriptions, pings and limits of silence, from opening to the end.
//
//   connecting --upgrade--> open --greeted--> subscribing --all answered--> live
//   any of them --drain()--> draining --goodbye answered, or too late--> closed
//   any of them --fault, cut, silence--> closed
//
// After it is closed nothing that its socket still brings counts: a later connection has its own id and session.

import { FrameResult } from '../../schemas/ids.ts';
import type { ConnectionEvents, ConnectionOptions } from './connection-options.ts';
import type { Session } from './hooks.ts';
import { Pacer, withMargin } from './pace.ts';
import type { Dialogue, Notice, Subscription, VenueConnector } from './protocol.ts';
import type { ConnectionCounts, ConnectionReport, ConnectionState } from './report.ts';
import { type Batch, SubscriptionTable } from './subscription-table.ts';
import type { Failure, FeedSocket } from './transport.ts';

const NORMAL = 1000;
/** Replies and pings that wait for the pace of messages. */
const URGENT_MAX = 1_000;

/** Messages the socket may send of itself (pongs) count at some venues: one in each window is theirs. */
function ownMessages(connector: VenueConnector): { count: number; windowMs: number } {
  const { count, windowMs } = connector.limits.messages;
  return { count: count >= 3 ? count - 1 : count, windowMs };
}

export class Connection {
  readonly id: number;
  state: ConnectionState = 'connecting';
  readonly table: SubscriptionTable;
  readonly session: Session;
  readonly counts: ConnectionCounts;
  private readonly options: ConnectionOptions;
  private readonly events: ConnectionEvents;
  private readonly dialogue: Dialogue;
  private readonly socket: FeedSocket;
  private readonly messages: Pacer;
  private readonly requests: Pacer;
  /** Replies and pings go before all else. */
  private readonly urgent: string[] = [];
  /** Texts of the batch under way. */
  private batch: { readonly of: Batch; readonly texts: string[] } | null = null;
  private cancelWake: (() => void) | null = null;
  private readonly startMs: number;
  lastByteMs = 0;
  private lastPingMs = 0;
  private pingSentMs: number | null = null;
  private endMs = Number.POSITIVE_INFINITY;
  private drainedMs = 0;
  private connectMs: number | null = null;
  private latencyMs: number | null = null;
  private rejectedInARow = 0;
  /** Frames that wait, oldest first; null where none do any more. */
  private held: { readonly bytes: Buffer; readonly atMs: number }[] | null;
  /** The upgrade was done: something may have come of it. */
  wasOpen = false;
  isProven = false;
  isEnding = false;

  constructor(options: ConnectionOptions, events: ConnectionEvents) {
    const { connector, settings, timers } = options;
    this.id = options.id;
    this.options = options;
    this.events = events;
    this.session = options.session;
    this.counts = options.counts;
    this.dialogue = connector.dialogue();
    this.startMs = timers.nowMs();
    this.table = new SubscriptionTable(options.subscriptions, this.startMs);
    this.messages = new Pacer([withMargin(ownMessages(connector), settings.paceMarginMs)]);
    const { requests } = connector.limits;
    this.requests = new Pacer(requests === null ? [] : [withMargin(requests, settings.paceMarginMs)]);
    this.held = options.holdMs > 0 ? [] : null;
    this.counts.attempts++;
    this.socket = this.open();
  }

  get isOpen(): boolean {
    return this.state === 'open' || this.state === 'subscribing' || this.state === 'live';
  }

  /** How long until so many requests may be sent, ms. */
  requestWaitMs(count: number): number {
    return this.requests.waitMs(this.options.timers.nowMs(), count);
  }

  /** Whether this venue has words to end a subscription and ask for it anew on an open connection. */
  canResubscribe(subscription: Subscription): boolean {
    return this.dialogue.unsubscribe([subscription]).length > 0 && this.dialogue.subscribe([subscription]).length > 0;
  }

  /** Ends the subscription and asks for it anew, once flush() is called. False where that is under way already. */
  resubscribe(subscription: Subscription): boolean {
    if (!this.isOpen || !this.table.resubscribe(subscription, this.options.timers.nowMs())) return false;
    this.counts.resubscribes++;
    return true;
  }

  /** Sends what waits: several resubscriptions may share a message. */
  flush(): void {
    this.pump();
  }

  /** Looks at the clock: silence, pings, acknowledgements, age. Called every settings.checkMs. */
  check(): void {
    const nowMs = this.options.timers.nowMs();
    const { settings, connector } = this.options;
    if (this.state === 'closed') return;
    this.takeHeld(nowMs - this.options.holdMs);
    if (this.state === 'draining') {
      if (nowMs - this.drainedMs >= settings.closeTimeoutMs) this.cut();
    } else if (this.state === 'connecting') {
      if (nowMs - this.startMs >= settings.openTimeoutMs) this.fail('timeout', 'not open in time');
    } else if (nowMs - this.lastByteMs >= connector.deadAfterMs) {
      this.fail('dead', `nothing came for ${connector.deadAfterMs} ms`);
    } else {
      this.pingIfDue(nowMs);
      this.checkAnswers(nowMs);
      if (nowMs >= this.endMs) this.end('its life is over');
    }
  }

  /** Takes what waits, and from now on frames as they come. */
  unhold(): void {
    this.takeHeld(Number.POSITIVE_INFINITY);
    this.held = null;
  }

  /** Goodbye: nothing more is taken, the socket gets its time to close. */
  drain(reason: string): void {
    if (this.state === 'closed' || this.state === 'draining') return;
    this.state = 'draining';
    this.drainedMs = this.options.timers.nowMs();
    this.release();
    this.session.close();
    this.socket.close(NORMAL, reason);
  }

  /** No longer waits for the answer to the goodbye. */
  cut(): void {
    if (this.state === 'draining') this.socket.terminate();
  }

  /** Cuts it; the end is told at once. */
  fail(kind: string, message: string): void {
    if (this.state === 'closed') return;
    if (kind === 'timeout' || kind === 'dead' || kind === 'ack-timeout') this.counts.timeouts++;
    this.finish(`${kind}: ${message}`);
    this.socket.terminate();
  }

  report(): ConnectionReport {
    const { id, state, counts, connectMs, latencyMs } = this;
    return {
      id,
      slot: this.options.slot,
      state,
      ageMs: this.options.timers.nowMs() - this.startMs,
      subscriptions: this.table.entries.length,
      pending: this.table.pending,
      counts: { ...counts, lateAcknowledgements: this.table.lateAcknowledgements },
      connectMs,
      latencyMs: latencyMs ?? connectMs,
    };
  }

  private open(): FeedSocket {
    const { connector, streamUrl, subscriptions, settings, openSocket } = this.options;
    return openSocket(
      {
        url: streamUrl + connector.path(subscriptions),
        payloadBytesMax: connector.limits.payloadBytesMax,
        handshakeTimeoutMs: settings.openTimeoutMs,
      },
      {
        opened: () => this.opened(),
        message: (bytes) => this.message(bytes),
        ping: () => this.touch(),
        pong: () => this.pong(),
        closed: (code, reason, failure) => this.socketClosed(code, reason, failure),
      },
    );
  }

  private opened(): void {
    if (this.state !== 'connecting') return;
    const { connector, settings, timers } = this.options;
    const nowMs = timers.nowMs();
    this.state = 'open';
    this.wasOpen = true;
    this.lastByteMs = nowMs;
    this.lastPingMs = nowMs;
    this.connectMs = nowMs - this.startMs;
    if (connector.lifeMs !== null) {
      this.endMs = nowMs + connector.lifeMs * (1 - settings.lifeSpread * (0.25 + 0.75 * settings.random()));
    }
    this.urgent.push(...this.dialogue.greet());
    if (connector.isInAddress) {
      this.table.sent({ isSubscribe: true, entries: this.table.entries }, nowMs, false);
    }
    this.state = 'subscribing';
    this.pump();
  }

  private message(bytes: Buffer): void {
    if (!this.isOpen) return;
    this.touch();
    this.counts.messages++;
    this.counts.bytes += bytes.length;
    if (this.held === null) this.take(bytes);
    else this.held.push({ bytes, atMs: this.options.timers.nowMs() });
  }

  /** What came up to a time, and waited. */
  private takeHeld(untilMs: number): void {
    if (this.held === null) return;
    const count = this.held.findIndex(({ atMs }) => atMs > untilMs);
    for (const { bytes } of this.held.splice(0, count < 0 ? this.held.length : count)) {
      if (this.isOpen) this.take(bytes);
    }
  }

  private take(bytes: Buffer): void {
    const result = this.session.take(bytes);
    if (result < 0) {
      // A ring that is full is no fault of the connection's.
      if (result === FrameResult.dropped) this.counts.rejected++;
      else this.rejected();
      return;
    }
    this.rejectedInARow = 0;
    if (result === FrameResult.control || result === FrameResult.unknown) {
      this.counts[result === FrameResult.control ? 'control' : 'unknown']++;
      this.read(bytes.toString('utf8'));
    } else if (result === FrameResult.applied) {
      this.counts.applied++;
      this.prove();
    }
  }

  /** Single bad frames are the engine's to count; nothing but bad ones is a broken connection. */
  private rejected(): void {
    this.counts.rejected++;
    this.rejectedInARow++;
    const { rejectedInARowMax } = this.options.settings;
    if (this.rejectedInARow >= rejectedInARowMax) this.fail('broken-frames', `${rejectedInARowMax} in a row`);
  }

  private read(text: string): void {
    let notices: Notice[];
    try {
      notices = this.dialogue.read(text);
    } catch {
      this.counts.rejected++;
      return;
    }
    for (const notice of notices) if (this.isOpen) this.heed(notice);
    this.pump();
  }

  private heed(notice: Notice): void {
    const nowMs = this.options.timers.nowMs();
    if (notice.kind === 'acknowledged') this.table.acknowledged(notice.subscription, notice.isSubscribed, nowMs);
    else if (notice.kind === 'refused') this.refuse(notice.subscription, notice.message, nowMs);
    else if (notice.kind === 'ending') this.end(notice.message);
    else if (notice.kind === 'reply') this.pushUrgent(notice.text);
    else this.noteLatency(nowMs);
  }

  /** A venue that asks for replies without end does not fill the memory. */
  private pushUrgent(text: string): void {
    if (this.urgent.length < URGENT_MAX) this.urgent.push(text);
  }

  private refuse(subscription: Subscription | null, message: string, nowMs: number): void {
    this.counts.refusals++;
    if (subscription !== null && this.isFlowing(subscription, nowMs)) return;
    const entry = subscription === null ? null : this.table.refused(subscription, message, nowMs);
    this.events.refused(subscription, message, entry?.retryAtMs === Number.POSITIVE_INFINITY);
  }

  /** Asked for twice, a venue may refuse what it already sends: its data says more. */
  private isFlowing(subscription: Subscription, nowMs: number): boolean {
    const entry = this.table.get(subscription);
    if (entry === null || entry.phase !== 'asked' || entry.unanswered === 0) return false;
    const dataAtMs = this.session.dataAtMs(subscription.symbol, subscription.channel);
    if (dataAtMs === null || nowMs - dataAtMs > this.options.connector.firstDataMs) return false;
    this.table.flowed(entry, nowMs);
    return true;
  }

  private pong(): void {
    this.touch();
    this.counts.pongs++;
    this.noteLatency(this.options.timers.nowMs());
  }

  private noteLatency(nowMs: number): void {
    if (this.pingSentMs === null) return;
    this.latencyMs = nowMs - this.pingSentMs;
    this.pingSentMs = null;
  }

  private touch(): void {
    this.lastByteMs = this.options.timers.nowMs();
  }

  private pingIfDue(nowMs: number): void {
    const { pingEveryMs } = this.options.connector;
    if (pingEveryMs === null || nowMs - this.lastPingMs < pingEveryMs) return;
    this.lastPingMs = nowMs;
    this.pingSentMs = nowMs;
    this.counts.pings++;
    const text = this.dialogue.ping();
    if (text !== null) {
      this.pushUrgent(text);
      this.pump();
      return;
    }
    this.messages.take(nowMs);
    this.socket.ping();
  }

  private checkAnswers(nowMs: number): void {
    const { ackTimeoutMs, ackTriesMax } = this.options.settings;
    for (const entry of [...this.table.asked()]) {
      const dataAtMs = this.session.dataAtMs(entry.subscription.symbol, entry.subscription.channel);
      if (dataAtMs !== null && dataAtMs > entry.askedAtMs) this.table.flowed(entry, nowMs);
    }
    const pendingBefore = this.table.pending;
    const exhausted = this.table.overdue(nowMs, ackTimeoutMs, ackTriesMax);
    if (exhausted.length > 0) this.giveUpOn(exhausted.length);
    if (pendingBefore > 0) this.pump();
    this.settleState();
  }

  /** Where nothing works the connection is at fault; else the others shall not suffer. */
  private giveUpOn(count: number): void {
    if (this.isProven) this.events.unanswered(count);
    else this.fail('ack-timeout', `${count} subscriptions were not answered`);
  }

  /** Live once everything is answered; where no data need come soon, that is the proof that it works. */
  private settleState(): void {
    if (this.state === 'subscribing' && this.table.isSettled) this.state = 'live';
    if (this.state !== 'live' || this.isProven) return;
    const isDataRare = this.table.entries.every(
      ({ phase, subscription }) =>
        phase === 'refused' || (subscription.channel === 'trades' && this.options.connector.areTradesRare),
    );
    if (isDataRare) this.prove();
  }

  private prove(): void {
    if (this.isProven) return;
    this.isProven = true;
    this.counts.successes++;
    this.events.proven();
  }

  private end(reason: string): void {
    if (this.isEnding) return;
    this.isEnding = true;
    this.events.ending(reason);
  }

  /** Sends what may be sent now, and wakes when more may. */
  private pump(): void {
    while (this.isOpen) {
      const nowMs = this.options.timers.nowMs();
      const isUrgent = this.urgent.length > 0;
      if (!isUrgent && !this.hasBatch()) break;
      const waitMs = Math.max(this.messages.waitMs(nowMs), isUrgent ? 0 : this.requests.waitMs(nowMs));
      if (waitMs > 0) {
        this.wake(waitMs);
        break;
      }
      if (isUrgent) this.send(this.urgent.shift() as string, nowMs);
      else this.sendOfBatch(nowMs);
    }
    this.settleState();
  }

  private hasBatch(): boolean {
    if (this.batch !== null) return true;
    const of = this.table.nextBatch(this.options.connector.limits.subscriptionsPerMessage);
    if (of === null) return false;
    const asked = of.entries.map(({ subscription }) => subscription);
    const texts = of.isSubscribe ? this.dialogue.subscribe(asked) : this.dialogue.unsubscribe(asked);
    this.batch = { of, texts: [...texts] };
    return true;
  }

  private sendOfBatch(nowMs: number): void {
    const { batch } = this;
    if (batch === null) return;
    const text = batch.texts.shift();
    const needsAnswer = text !== undefined;
    if (text !== undefined) {
      this.requests.take(nowMs);
      this.send(text, nowMs);
    }
    if (batch.texts.length > 0) return;
    this.batch = null;
    for (const { unanswered } of batch.of.entries) if (unanswered > 0) this.counts.resends++;
    this.table.sent(batch.of, nowMs, needsAnswer);
  }

  private send(text: string, nowMs: number): void {
    this.messages.take(nowMs);
    this.counts.sent++;
    this.session.sent?.(text);
    this.socket.send(text);
  }

  private wake(waitMs: number): void {
    this.cancelWake?.();
    this.cancelWake = this.options.timers.after(waitMs, () => {
      this.cancelWake = null;
      this.pump();
    });
  }

  private socketClosed(code: number, reason: string, failure: Failure | null): void {
    if (this.state === 'closed') return;
    if (failure?.kind === 'timeout') this.counts.timeouts++;
    this.finish(failure === null ? `closed: ${code} ${reason}`.trimEnd() : `${failure.kind}: ${failure.message}`);
  }

  private finish(reason: string): void {
    const isPlanned = this.state === 'draining';
    this.state = 'closed';
    this.release();
    // Whoever hears of the end may still write of it in this session.
    this.events.closed(reason, isPlanned);
    this.session.close();
  }

  private release(): void {
    this.cancelWake?.();
    this.cancelWake = null;
    this.urgent.length = 0;
    this.batch = null;
    this.held = null;
  }
}
