// Gathers the frames that one burst of the event loop hands over, and decodes them in one loop. Hot path.

import { COMMIT_FRAMES_MAX } from '../../schemas/config.ts';
import { frameBytes, frameView, STAGE_AT, STAGE_BYTES } from '../decode/frame-memory.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { Session } from './session.ts';

/** Larger frames are decoded where they lie: copying them would cost more than it saves. */
const COPIED_BYTES_MAX = STAGE_BYTES / COMMIT_FRAMES_MAX;

/**
 * One a thread: the copies lie in the frame memory of the thread.
 *
 * Why frames are copied. A handler that decodes at once runs the decoder's code cold each time: between two frames the
 * native code of the socket has been through the instruction cache. Measured on one-update trade frames, a first decode
 * in the handler costs 750 ns and a second of the same frame 100 ns; a copy costs 70 ns (decisions/0006). The copies
 * also share one view, so a frame in the venue's own writing makes no object.
 *
 *   message → add() … add() → flush(): begin, take, begin, take, …, commit
 */
export class Burst {
  private readonly writer: FrameWriter;
  private readonly lengths = new Int32Array(COMMIT_FRAMES_MAX);
  private readonly sessions: Session[] = [];
  private count = 0;
  private used = STAGE_AT;

  constructor(writer: FrameWriter) {
    this.writer = writer;
  }

  /** Takes a frame whose buffer is valid only until this returns. */
  add(session: Session, message: ArrayBuffer): void {
    if (this.count === 0) this.writer.receive();
    const bytes = new Uint8Array(message);
    const { length } = bytes;
    if (length > COPIED_BYTES_MAX) {
      this.decode();
      this.writer.begin();
      session.take(new DataView(message), 0, length);
      return;
    }
    frameBytes.set(bytes, this.used);
    this.sessions[this.count] = session;
    this.lengths[this.count] = length;
    this.used += length;
    if (++this.count === COMMIT_FRAMES_MAX) this.decode();
  }

  /** Decodes what is gathered; it is visible with the next commit. */
  decode(): void {
    // Emptied first: an answer to a bad frame may close its socket, which flushes again.
    const { count } = this;
    this.count = 0;
    this.used = STAGE_AT;
    let at = STAGE_AT;
    for (let i = 0; i < count; i++) {
      const length = this.lengths[i];
      this.writer.begin();
      this.sessions[i].take(frameView, at, length);
      at += length;
    }
  }

  /** Decodes what is gathered and makes it visible. */
  flush(): void {
    this.decode();
    this.writer.commit();
  }
}
