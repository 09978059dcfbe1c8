// Messages between a subscription inside the process and the loop that reads them: bounded, and nothing is left out in silence.

/** Told how many messages of a channel were left out, with the newest of them. */
export type Overflow<Message> = (last: Message, lost: number) => void;

type Told = { readonly channel: string };
type Loss<Message> = { last: Message; lost: number };

export class EmbeddedQueue<Message extends Told> implements AsyncIterableIterator<Message, undefined> {
  /** Messages left out so far, as the loop was too slow. */
  lost = 0;
  private readonly most: number;
  private readonly onOverflow: Overflow<Message>;
  private readonly onEnd: () => void;
  private messages: Message[] = [];
  /** Of the first message that has not been read. */
  private at = 0;
  /** Left out and not told yet, by channel. */
  private readonly losses = new Map<string, Loss<Message>>();
  private readers: ((result: IteratorResult<Message, undefined>) => void)[] = [];
  private isEnded = false;

  constructor(most: number, onOverflow: Overflow<Message>, onEnd: () => void) {
    this.most = most;
    this.onOverflow = onOverflow;
    this.onEnd = onEnd;
  }

  /** Messages that wait. */
  get size(): number {
    return this.messages.length - this.at;
  }

  push(message: Message): void {
    if (this.isEnded) return;
    const reader = this.readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value: message });
      return;
    }
    if (this.size === this.most) {
      this.lose(this.messages[this.at++]);
    }
    this.messages.push(message);
    if (this.at > this.most) this.compact();
  }

  /** Leaves out all that waits: what comes next begins anew. */
  drop(): void {
    for (const message of this.messages.slice(this.at)) this.lose(message);
    this.messages = [];
    this.at = 0;
  }

  private lose(message: Message): void {
    this.lost++;
    const loss = this.losses.get(message.channel) ?? { last: message, lost: 0 };
    this.losses.set(message.channel, { last: message, lost: loss.lost + 1 });
  }

  /** Once the loop reads again, before what it reads: not for each message, as a loop that hangs loses many. */
  private tellLosses(): void {
    const losses = [...this.losses.values()];
    this.losses.clear();
    for (const { last, lost } of losses) this.onOverflow(last, lost);
  }

  private compact(): void {
    this.messages = this.messages.slice(this.at);
    this.at = 0;
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    if (this.losses.size > 0) this.tellLosses();
    if (this.size > 0) {
      const value = this.messages[this.at++];
      if (this.at === this.messages.length) this.compact();
      return Promise.resolve({ done: false, value });
    }
    if (this.isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.readers.push(resolve));
  }

  /** What waits can still be read; then the loop ends. */
  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    for (const reader of this.readers.splice(0)) reader({ done: true, value: undefined });
    this.onEnd();
  }

  /** The loop was left. */
  return(): Promise<IteratorResult<Message, undefined>> {
    this.messages = [];
    this.at = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Leaves the channel, and ends the loop. */
  close(): void {
    void this.return();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
