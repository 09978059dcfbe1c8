// Owns how Binance joins a REST snapshot with the diff stream (venues.md §1.5, §11.1): buffer, first event, then the chain.
import type { Book, Levels } from './book.ts';

export type DepthEvent = {
  firstId: bigint; // U
  lastId: bigint; // u
  previousId: bigint | null; // pu, futures only
  levels: Levels;
};

export class BinanceSync {
  private readonly book: Book;
  private readonly isFutures: boolean;
  private buffer: DepthEvent[] = [];
  /** False between a snapshot and the first event applied on it. */
  private hasJoined = false;

  constructor(book: Book, isFutures: boolean) {
    this.book = book;
    this.isFutures = isFutures;
  }

  event(event: DepthEvent): void {
    if (!this.book.isFollowing) {
      this.buffer.push(event);
      return;
    }
    const id = this.book.venueSequence ?? 0n;
    if (this.isOld(event, id)) return;
    if (this.hasJoined ? this.continues(event, id) : this.canBeFirst(event, id)) {
      this.hasJoined = true;
      this.book.change(event.levels, event.lastId);
    } else {
      this.book.breakByGap();
      this.buffer = [event];
    }
  }

  snapshot(levels: Levels, id: bigint): void {
    if (this.book.isFollowing) {
      if (id >= (this.book.venueSequence ?? 0n)) this.join(levels, id, []);
      return;
    }
    const remaining = this.buffer.filter((event) => (this.isFutures ? event.lastId >= id : event.lastId > id));
    // Older than the first buffered event: a hole lies between, so wait for a newer snapshot.
    if (remaining.length > 0 && !this.canBeFirst(remaining[0], id)) return;
    this.join(levels, id, remaining);
  }

  private join(levels: Levels, id: bigint, remaining: DepthEvent[]): void {
    this.book.settle(() => {
      this.book.replace(levels, id);
      this.hasJoined = false;
      this.buffer = [];
      for (const event of remaining) this.event(event);
    });
  }

  private isOld(event: DepthEvent, id: bigint): boolean {
    // A futures event that ends exactly at the snapshot is the documented first one.
    return this.isFutures && !this.hasJoined ? event.lastId < id : event.lastId <= id;
  }

  /** First event on a snapshot: nothing may lie between the two. */
  private canBeFirst(event: DepthEvent, id: bigint): boolean {
    if (!this.isFutures) return event.firstId <= id + 1n;
    return event.firstId <= id || (event.previousId !== null && event.previousId <= id);
  }

  /** After the first event every one is exactly the next (venues.md §11.1); an overlap is a break like a hole. */
  private continues(event: DepthEvent, id: bigint): boolean {
    return this.isFutures ? event.previousId === id : event.firstId === id + 1n;
  }
}
