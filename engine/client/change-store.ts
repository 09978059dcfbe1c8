// The store of a loop over raw book changes: one that falls behind gets a notice, then the whole book as it is by then.

import type { BookChange, Gap } from '../../schemas/feed.ts';
import { gapOf } from './gaps.ts';
import type { Store } from './mailbox.ts';

/** What a channel lost while its loop was behind. */
type Behind = { lost: number; readonly prevSeq: number | null };

export class ChangeStore implements Store<BookChange | Gap, BookChange | Gap> {
  private queue: (BookChange | Gap)[] = [];
  private readonly behind = new Map<string, Behind>();
  private readonly sizeMax: number;
  private readonly countLost: (lost: number) => void;
  /** The book of a channel as one message; null while there is no whole one. */
  private readonly whole: (channel: string) => BookChange | null;

  constructor(sizeMax: number, countLost: (lost: number) => void, whole: (channel: string) => BookChange | null) {
    this.sizeMax = sizeMax;
    this.countLost = countLost;
    this.whole = whole;
  }

  put(message: BookChange | Gap): void {
    const behind = this.behind.get(message.channel);
    if (behind !== undefined) {
      behind.lost += message.type === 'gap' ? message.lost : 1;
      this.countLost(message.type === 'gap' ? 0 : 1);
      return;
    }
    this.queue.push(message);
    if (this.queue.length > this.sizeMax) this.fallBehind();
  }

  /** Changes of a book make no sense without those before them: all that is kept goes, for each channel. */
  private fallBehind(): void {
    for (const message of this.queue) {
      const known = this.behind.get(message.channel);
      const behind = known ?? { lost: 0, prevSeq: message.prevSeq };
      if (known === undefined) this.behind.set(message.channel, behind);
      behind.lost += message.type === 'gap' ? message.lost : 1;
      this.countLost(message.type === 'gap' ? 0 : 1);
    }
    this.queue = [];
  }

  shift(): BookChange | Gap | undefined {
    for (const [channel, { lost, prevSeq }] of this.behind) {
      const whole = this.whole(channel);
      if (whole === null) continue;
      this.behind.delete(channel);
      this.queue.unshift({ ...whole, prevSeq: whole.seq });
      return gapOf(channel, 'client-slow', lost, whole.seq, prevSeq, whole);
    }
    return this.queue.shift();
  }
}
