// Owns what is said on one Bitfinex connection: numbers asked for, channels subscribed and ended by number, answers read.
//
// Source: Bitfinex docs, "WS General", "Public Channels", "Books", "Trades" (2026-07); docs/venues/bitfinex.md.

import type { Dialogue, FeedChannel, Notice, Subscription } from '../../connect/protocol.ts';
import { BOOK_LEVELS, ErrorCode, InfoCode } from './limits.ts';
import { ConfFlag } from './tail.ts';

/** Members of an event that are looked at; anything may stand in them. */
type EventMembers = {
  readonly event?: unknown;
  readonly channel?: unknown;
  readonly symbol?: unknown;
  readonly chanId?: unknown;
  readonly code?: unknown;
  readonly msg?: unknown;
};

export class BitfinexDialogue implements Dialogue {
  /** Number of each channel that is subscribed, by channel and symbol, and the way back. */
  private readonly idByName = new Map<string, number>();
  private readonly subscriptionById = new Map<number, Subscription>();

  greet(): string[] {
    return [JSON.stringify({ event: 'conf', flags: ConfFlag.sequence })];
  }

  subscribe(subscriptions: readonly Subscription[]): string[] {
    return subscriptions.map(({ symbol, channel }) => {
      const asked = { event: 'subscribe', channel, symbol };
      return JSON.stringify(
        channel === 'book' ? { ...asked, prec: 'P0', freq: 'F0', len: String(BOOK_LEVELS) } : asked,
      );
    });
  }

  /** A channel ends by its number, so one that is not yet answered cannot be ended. */
  unsubscribe(subscriptions: readonly Subscription[]): string[] {
    return subscriptions.flatMap((subscription) => {
      const chanId = this.idByName.get(nameOf(subscription));
      return chanId === undefined ? [] : [JSON.stringify({ event: 'unsubscribe', chanId })];
    });
  }

  ping(): string {
    return '{"event":"ping"}';
  }

  read(text: string): Notice[] {
    let frame: unknown;
    try {
      frame = JSON.parse(text);
    } catch {
      return [];
    }
    if (Array.isArray(frame)) return frame[1] === 'hb' ? [{ kind: 'alive' }] : [];
    return typeof frame === 'object' && frame !== null ? this.readEvent(frame) : [];
  }

  private readEvent(event: EventMembers): Notice[] {
    switch (event.event) {
      case 'subscribed':
        return this.subscribed(event);
      case 'unsubscribed':
        return this.ended(event.chanId);
      case 'info':
        return readInfo(event);
      case 'error':
        return this.refused(event);
      case 'pong':
      case 'conf':
        return [{ kind: 'alive' }];
      default:
        return [];
    }
  }

  private subscribed(event: EventMembers): Notice[] {
    const subscription = subscriptionOf(event);
    if (subscription === null || typeof event.chanId !== 'number') return [];
    this.idByName.set(nameOf(subscription), event.chanId);
    this.subscriptionById.set(event.chanId, subscription);
    return [{ kind: 'acknowledged', subscription, isSubscribed: true }];
  }

  private ended(chanId: unknown): Notice[] {
    const subscription = typeof chanId === 'number' ? this.subscriptionById.get(chanId) : undefined;
    if (subscription === undefined) return [];
    this.subscriptionById.delete(Number(chanId));
    this.idByName.delete(nameOf(subscription));
    return [{ kind: 'acknowledged', subscription, isSubscribed: false }];
  }

  private refused(event: EventMembers): Notice[] {
    const subscription = subscriptionOf(event);
    // Asked for twice: it stands.
    if (event.code === ErrorCode.alreadySubscribed && subscription !== null)
      return [{ kind: 'acknowledged', subscription, isSubscribed: true }];
    // Nothing to end: it is ended.
    if (event.code === ErrorCode.notSubscribed) return this.ended(event.chanId);
    return [{ kind: 'refused', subscription, message: `${String(event.msg)} (${String(event.code)})` }];
  }
}

/** A restart comes; and after a maintenance the venue advises to subscribe all anew. Its beginning says to wait. */
function readInfo({ code, msg }: EventMembers): Notice[] {
  if (code !== InfoCode.restart && code !== InfoCode.maintenanceEnd) return [];
  return [{ kind: 'ending', message: `${String(msg)} (${code})` }];
}

function subscriptionOf({ channel, symbol }: EventMembers): Subscription | null {
  return typeof symbol === 'string' && isFeedChannel(channel) ? { symbol, channel } : null;
}

function isFeedChannel(channel: unknown): channel is FeedChannel {
  return channel === 'book' || channel === 'trades';
}

function nameOf({ symbol, channel }: Subscription): string {
  return `${channel}:${symbol}`;
}
