// What a topic keeps for subscribers that read too slowly: its newest message, and those that no newer one replaces.

import { LANE_KEPT_MAX } from '../../schemas/config.ts';
import type { ChannelKind } from './channels.ts';
import type { StreamMessage } from './messages.ts';

/** How far a subscriber had come when it was taken out of a topic. */
export type Held = {
  /** Messages published until then. */
  readonly published: number;
  /** `seq` of the last message it got; null where there was none. */
  seq: number | null;
  /** Where it stands in the history of its encoding. */
  position: number;
  /** Of the next message to be kept. */
  readonly ordinal: number;
};

export type Numbered = { readonly message: StreamMessage; readonly seq: number };

/** A closed bar is not the next bar, and an event happened whatever the value is now. */
export function isKept(message: StreamMessage): boolean {
  if (message.type === 'trade_bar') return message.isFinal;
  return message.type === 'gap' || (message.type === 'signal' && message.event !== null);
}

/** One for all subscribers of the topic that read too slowly. */
export class TopicLane {
  /** Subscribers held out of the topic. */
  users = 0;
  /** Ordinal of the next message kept. */
  next = 0;
  private newest: Numbered | null = null;
  private kept: Numbered[] = [];
  /** Books are asked for again, and trades lie in the history. */
  private readonly isKeeping: boolean;

  constructor(kind: ChannelKind) {
    this.isKeeping = kind !== 'book' && kind !== 'trade';
  }

  take(message: StreamMessage, seq: number): void {
    if (!this.isKeeping) return;
    this.newest = { message, seq };
    if (!isKept(message)) return;
    this.kept.push(this.newest);
    this.next++;
    if (this.kept.length > LANE_KEPT_MAX) this.kept.shift();
  }

  /** What a subscriber is told when it reads again: what was kept for it, then the newest; and how many kept ones are gone. */
  after({ ordinal }: Held): { readonly messages: readonly Numbered[]; readonly lost: number } {
    const first = this.next - this.kept.length;
    const messages = this.kept.slice(Math.max(0, ordinal - first));
    const { newest } = this;
    if (newest !== null && messages[messages.length - 1] !== newest) messages.push(newest);
    return { messages, lost: Math.max(0, first - ordinal) };
  }
}
