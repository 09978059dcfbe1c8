// One subscription as its user sees it: something to loop over, and to close.

// `await using` in the published types, whatever `lib` a program names.
/// <reference lib="esnext.disposable" preserve="true" />

import type { Feed } from './feed.ts';
import type { Mailbox } from './mailbox.ts';

type SharedFeed = Pick<Feed, 'channel' | 'isConnected' | 'ready'>;

export class Subscription<T> implements AsyncIterableIterator<T> {
  readonly channel: string;
  private readonly mailbox: Mailbox<T>;
  private readonly leave: () => void;
  private readonly feed: SharedFeed;
  private isClosed = false;

  constructor(feed: SharedFeed, mailbox: Mailbox<T>, leave: () => void) {
    this.channel = feed.channel;
    this.mailbox = mailbox;
    this.leave = leave;
    this.feed = feed;
  }

  /**
   * The engine tells this channel, and has told all there was to tell up to now. False before it has taken the
   * subscription and while the client is out of touch: what the loop got last may then be old.
   */
  get isConnected(): boolean {
    return !this.isClosed && this.feed.isConnected;
  }

  /** Resolves once the engine has taken the subscription. @throws ClientError where it will not. */
  ready(): Promise<void> {
    return this.feed.ready();
  }

  /** The next message, as soon as there is one; `done` after close(). @throws ClientError once, where it cannot go on. */
  next(): Promise<IteratorResult<T, undefined>> {
    return this.mailbox.take().catch((error: unknown) => {
      this.leave();
      throw error;
    });
  }

  /** `break` in a loop: closes. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Ends its loops; what is still queued is not given any more. */
  close(): void {
    this.isClosed = true;
    this.mailbox.end();
    this.leave();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
