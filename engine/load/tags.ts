// What a subscriber takes from one message of the stream: its kind and the tags in it. Hot path: once per message.

/** What a message is to a load test; `other` shows no update, such as a bar or a state. */
export const MessageKind = Object.freeze({ reply: 0, update: 1, snapshot: 2, gap: 3, other: 4 });
export type MessageKind = (typeof MessageKind)[keyof typeof MessageKind];

const TAGS_AT_FIRST = 64;

/** Tags of one message. All levels of an update carry the same one, so that a repeat of the last is left out. */
export class Tags {
  count = 0;
  values = new Float64Array(TAGS_AT_FIRST);

  clear(): void {
    this.count = 0;
  }

  /** 0 is no tag: a removed level, or a quantity that the test did not send. */
  add(tag: number): void {
    if (tag === 0 || (this.count > 0 && this.values[this.count - 1] === tag)) return;
    if (this.count === this.values.length) this.grow();
    this.values[this.count++] = tag;
  }

  /** Only for books larger than any before. */
  private grow(): void {
    const larger = new Float64Array(this.values.length * 2);
    larger.set(this.values);
    this.values = larger;
  }
}

/** Reads messages of one encoding. */
export type TagReader = {
  /** Of the message read last; overwritten by the next. */
  readonly tags: Tags;
  /** The message lies in `bytes` from `start` to before `end`. */
  read(bytes: Uint8Array, start: number, end: number): MessageKind;
};
