// Where a feed puts what a loop takes: hands over at once to who waits, else keeps it in a store until it is asked for.

/** What is kept for a loop that is slower than its channel; each kind of channel has its own rule. */
export interface Store<In, Out> {
  put(value: In): void;
  /** The next to be told; undefined where there is none. */
  shift(): Out | undefined;
}

type Result<T> = IteratorResult<T, undefined>;
type Waiter<T> = { readonly resolve: (result: Result<T>) => void; readonly reject: (error: unknown) => void };

const DONE = { done: true, value: undefined } as const;

/** The side of the loop. */
export interface Mailbox<T> {
  take(): Promise<Result<T>>;
  end(): void;
}

export class QueuedMailbox<In, Out> implements Mailbox<Out> {
  private readonly store: Store<In, Out>;
  private readonly waiters: Waiter<Out>[] = [];
  private isEnded = false;
  private error: Error | null = null;

  constructor(store: Store<In, Out>) {
    this.store = store;
  }

  put(value: In): void {
    if (this.isEnded) return;
    this.store.put(value);
    this.wake();
  }

  /** Hands over what the store has now; to be called as well where it has something without a put. */
  wake(): void {
    while (this.waiters.length > 0) {
      const value = this.store.shift();
      if (value === undefined) return;
      this.waiters.shift()?.resolve({ done: false, value });
    }
  }

  take(): Promise<Result<Out>> {
    if (!this.isEnded) {
      const value = this.store.shift();
      if (value !== undefined) return Promise.resolve({ done: false, value });
    }
    if (this.error !== null) return this.throwOnce(this.error);
    if (this.isEnded) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
  }

  private throwOnce(error: Error): Promise<never> {
    this.error = null;
    this.isEnded = true;
    return Promise.reject(error);
  }

  /** The loop ends; what is kept is not told any more. */
  end(): void {
    this.isEnded = true;
    this.error = null;
    for (const waiter of this.waiters.splice(0)) waiter.resolve(DONE);
  }

  /** The loop is told what is kept, then the error, then it is done. */
  fail(error: Error): void {
    if (this.isEnded || this.error !== null) return;
    this.error = error;
    const waiter = this.waiters.shift();
    if (waiter === undefined) return;
    void this.throwOnce(error).catch(waiter.reject);
    for (const other of this.waiters.splice(0)) other.resolve(DONE);
  }
}
