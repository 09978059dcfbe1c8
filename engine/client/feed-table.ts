// The feeds of one connection: finds the feed of a message by its channel, and says which feeds may share a connection.

import type { Feed } from './feed.ts';

export class FeedTable implements Iterable<Feed> {
  private readonly feeds = new Set<Feed>();
  /** Feeds by the channel of messages; of wildcards filled in as they come. */
  private readonly byChannel = new Map<string, Feed>();

  get size(): number {
    return this.feeds.size;
  }

  [Symbol.iterator](): Iterator<Feed> {
    return this.feeds[Symbol.iterator]();
  }

  has(feed: Feed): boolean {
    return this.feeds.has(feed);
  }

  add(feed: Feed): void {
    this.feeds.add(feed);
  }

  delete(feed: Feed): void {
    this.feeds.delete(feed);
    for (const [channel, other] of this.byChannel) if (other === feed) this.byChannel.delete(channel);
  }

  /** Feeds of one connection never overlap, so there is one at most. */
  of(channel: string): Feed | undefined {
    const known = this.byChannel.get(channel);
    if (known !== undefined) return known;
    for (const feed of this.feeds) {
      if (!feed.covers(channel)) continue;
      this.byChannel.set(channel, feed);
      return feed;
    }
    return undefined;
  }

  overlaps(feed: Feed): boolean {
    for (const other of this.feeds) if (other.overlaps(feed)) return true;
    return false;
  }
}
