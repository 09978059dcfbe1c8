// One subscription as its user sees it: something to loop over, and to close.

import type { Mailbox } from './mailbox.ts';

export class Subscription<T> implements AsyncIterableIterator<T> {
  readonly channel: string;
  private readonly mailbox: Mailbox<T>;
  private readonly leave: () => void;
  private readonly whenReady: () => Promise<void>;

  constructor(channel: string, mailbox: Mailbox<T>, leave: () => void, whenReady: () => Promise<void>) {
    this.channel = channel;
    this.mailbox = mailbox;
    this.leave = leave;
    this.whenReady = whenReady;
  }

  /** Resolves once the engine has taken the subscription. @throws ClientError where it will not. */
  ready(): Promise<void> {
    return this.whenReady();
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
