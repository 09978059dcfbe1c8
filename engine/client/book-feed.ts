// A feed of books: keeps a verified copy of each, and asks for it anew where a number or a checksum is wrong.

import type { BookChange, Gap, StreamMessage } from '../../schemas/feed.ts';
import { BookKeeper } from './book-keeper.ts';
import type { ClientError } from './errors.ts';
import { Feed } from './feed.ts';
import { gapOf } from './gaps.ts';
import type { LocalBook } from './local-book.ts';
import type { QueuedMailbox } from './mailbox.ts';

type ViewSink = QueuedMailbox<LocalBook, LocalBook>;
type ChangeSink = QueuedMailbox<BookChange | Gap, BookChange | Gap>;

export class BookFeed extends Feed {
  private readonly keepers = new Map<string, BookKeeper>();
  private readonly views = new Set<ViewSink>();
  private readonly changes = new Set<ChangeSink>();
  private isInterrupted = false;

  get loops(): number {
    return this.views.size + this.changes.size;
  }

  joinViews(sink: ViewSink): void {
    this.views.add(sink);
    for (const keeper of this.keepers.values()) if (keeper.isShown) sink.put(keeper.view);
  }

  joinChanges(sink: ChangeSink): void {
    this.changes.add(sink);
    for (const [channel, keeper] of this.keepers) if (keeper.isWhole) sink.put(keeper.whole(channel));
  }

  leave(sink: ViewSink | ChangeSink): void {
    this.views.delete(sink as ViewSink);
    this.changes.delete(sink as ChangeSink);
  }

  /** The book of one channel as one message; null while there is no whole one. */
  whole(channel: string): BookChange | null {
    const keeper = this.keepers.get(channel);
    return keeper?.isWhole === true ? keeper.whole(channel) : null;
  }

  take(message: StreamMessage): void {
    if (message.type === 'book_change') this.takeChange(message, this.keeperOf(message));
    else if (message.type === 'gap') this.takeGap(message);
  }

  private keeperOf({ channel, exchange, symbol }: BookChange): BookKeeper {
    let keeper = this.keepers.get(channel);
    if (keeper === undefined) {
      keeper = new BookKeeper(`${exchange}:${symbol}`);
      this.keepers.set(channel, keeper);
    }
    return keeper;
  }

  private takeChange(message: BookChange, keeper: BookKeeper): void {
    const { stats } = this.parts;
    const seq = keeper.seq ?? message.seq;
    const taken = keeper.take(message);
    if (taken === 'gap' || taken === 'checksum') {
      if (taken === 'checksum') stats.checksumsBad++;
      const gap = gapOf(message.channel, taken === 'gap' ? 'missed' : 'checksum', 0, message.seq, seq, message);
      this.lost(gap, keeper);
      this.parts.resync(this);
      return;
    }
    if (taken === 'ignored') return;
    if (taken === 'applied' && message.checksum !== undefined) stats.checksumsOk++;
    // Before the views: a loop over changes that fell behind takes the whole book, which has this message already.
    for (const sink of this.changes) sink.put(message);
    if (taken === 'applied') this.show(keeper);
  }

  /** The engine lost something, and sends a whole book by itself. */
  private takeGap(gap: Gap): void {
    const keeper = this.keepers.get(gap.channel);
    keeper?.lose('gap');
    this.lost(gap, keeper);
  }

  private lost(gap: Gap, keeper: BookKeeper | undefined): void {
    this.parts.stats.gaps++;
    this.parts.onGap(gap);
    if (keeper !== undefined) this.show(keeper);
    for (const sink of this.changes) sink.put(gap);
  }

  private show(keeper: BookKeeper): void {
    if (!keeper.isShown) return;
    for (const sink of this.views) sink.put(keeper.view);
    // Loops that fell behind wait for a whole book, not for a message.
    for (const sink of this.changes) sink.wake();
  }

  protected get heldSeq(): number | null {
    return this.keepers.get(this.channel)?.seq ?? null;
  }

  override interrupted(): void {
    super.interrupted();
    this.isInterrupted = true;
    for (const keeper of this.keepers.values()) {
      keeper.disconnect();
      this.show(keeper);
    }
  }

  /** Who still holds a book of it shall not take it for a live one. */
  override left(): void {
    super.left();
    for (const keeper of this.keepers.values()) keeper.disconnect('closed');
  }

  protected resumed(): void {
    this.isInterrupted = false;
  }

  protected current(): void {
    for (const keeper of this.keepers.values()) {
      keeper.reconnect();
      this.show(keeper);
    }
  }

  protected begun(): void {
    const seq = this.heldSeq;
    for (const keeper of this.keepers.values()) keeper.forget();
    if (!this.isInterrupted) return;
    this.isInterrupted = false;
    const gap = gapOf(this.channel, 'reconnect', 0, seq ?? 0, seq);
    this.parts.stats.gaps++;
    this.parts.onGap(gap);
    for (const sink of this.changes) sink.put(gap);
  }

  protected failLoops(error: ClientError): void {
    for (const sink of this.views) sink.fail(error);
    for (const sink of this.changes) sink.fail(error);
  }
}
