// Keeps the first bytes of frames that could not be taken, for the dead-letter file: a few a second, the rest is counted.

import { DEAD_LETTER_FRAME_BYTES_MAX, DEAD_LETTERS_PER_SECOND } from '../../schemas/config.ts';

/** A frame that was refused or not known. `kept` are its first bytes, its own copy. */
export type RejectedFrame = {
  readonly timeUs: number;
  readonly connection: number;
  readonly dialect: string;
  readonly producer: string | null;
  readonly category: string;
  readonly bytes: number;
  readonly kept: Uint8Array;
};

/** The frame view[at..at + length), its first bytes copied. */
export function rejectedFrame(
  category: string,
  timeUs: number,
  connection: number,
  dialect: string,
  producer: string | null,
  view: DataView,
  at: number,
  length: number,
): RejectedFrame {
  const kept = new Uint8Array(view.buffer, view.byteOffset + at, Math.min(length, DEAD_LETTER_FRAME_BYTES_MAX)).slice();
  return { timeUs, connection, dialect, producer, category, bytes: length, kept };
}

export type TellRejected = (frames: readonly RejectedFrame[], leftOut: number) => void;

/** Thread: ingress. */
export class RejectedFrames {
  private readonly nowUs: () => number;
  private readonly tell: TellRejected;
  private readonly perSecond: number;
  private waiting: RejectedFrame[] = [];
  private leftOut = 0;

  constructor(nowUs: () => number, tell: TellRejected, perSecond = DEAD_LETTERS_PER_SECOND) {
    this.nowUs = nowUs;
    this.tell = tell;
    this.perSecond = perSecond;
  }

  /** The frame view[at..at + length), valid until this returns. */
  note(
    category: string,
    connection: number,
    dialect: string,
    producer: string | null,
    view: DataView,
    at: number,
    length: number,
  ): void {
    if (this.waiting.length >= this.perSecond) {
      this.leftOut++;
      return;
    }
    const kept = new Uint8Array(
      view.buffer,
      view.byteOffset + at,
      Math.min(length, DEAD_LETTER_FRAME_BYTES_MAX),
    ).slice();
    this.waiting.push({ timeUs: this.nowUs(), connection, dialect, producer, category, bytes: length, kept });
  }

  /** Called each second and at the end: what was kept is handed on, and there is room for as many again. */
  flush(): void {
    if (this.waiting.length === 0 && this.leftOut === 0) return;
    this.tell(this.waiting, this.leftOut);
    this.waiting = [];
    this.leftOut = 0;
  }
}
