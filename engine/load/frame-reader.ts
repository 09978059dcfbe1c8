// Takes WebSocket frames of a server out of the bytes of a socket, where they lie. Hot path: once per message.
//
//   │ done │ frame │ frame │ begun … │ room for the next read │
//                          └ moved to the front after each read

/** RFC 6455 §5.2. */
const FINAL = 0x80;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const TEXT = 0x1;
const BINARY = 0x2;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

/** One read of a busy socket; a frame that is larger makes the memory grow, up to the most an engine may queue. */
const BYTES_AT_FIRST = 256 * 1024;
const BYTES_MAX = 128 * 1024 * 1024;
/** A read is at least this large. */
const ROOM_MIN = 64 * 1024;

export type FrameHandler = {
  /** Bytes are valid until the call returns. */
  onMessage(bytes: Uint8Array, start: number, end: number, isBinary: boolean): void;
  onPing(payload: Uint8Array): void;
  /** RFC 6455 §7.4; 1005 where the peer gave no code. */
  onClose(code: number): void;
  /** The peer broke the protocol; nothing more is read. */
  onFault(reason: string): void;
};

const NO_STATUS = 1005;

export class FrameReader {
  private readonly handler: FrameHandler;
  private bytes = Buffer.alloc(BYTES_AT_FIRST);
  private used = 0;
  private isFaulty = false;

  constructor(handler: FrameHandler) {
    this.handler = handler;
  }

  /** Where the next bytes are to be put. */
  room(): Uint8Array {
    if (this.bytes.length - this.used < ROOM_MIN) this.grow(this.used + ROOM_MIN);
    return this.bytes.subarray(this.used);
  }

  /** Bytes that came elsewhere. */
  append(chunk: Uint8Array): void {
    if (this.bytes.length - this.used < chunk.length) this.grow(this.used + chunk.length);
    this.bytes.set(chunk, this.used);
    this.received(chunk.length);
  }

  /** Reads the frames that are whole, now that `count` bytes more have come. */
  received(count: number): void {
    const end = this.used + count;
    let at = 0;
    while (!this.isFaulty) {
      const next = this.readFrame(at, end);
      if (next < 0) break;
      at = next;
    }
    if (at > 0) this.bytes.copyWithin(0, at, end);
    this.used = end - at;
  }

  private grow(needed: number): void {
    if (needed > BYTES_MAX) {
      this.fault(`expected a frame of at most ${BYTES_MAX} bytes`);
      this.used = 0;
      return;
    }
    let size = this.bytes.length;
    while (size < needed) size *= 2;
    const larger = Buffer.alloc(size);
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }

  private fault(reason: string): void {
    this.isFaulty = true;
    this.handler.onFault(reason);
  }

  /** Offset after the frame that begins at an offset; −1 where it is not whole. */
  private readFrame(at: number, end: number): number {
    const { bytes } = this;
    if (end - at < 2) return -1;
    const short = bytes[at + 1] & LENGTH;
    const start = at + (short < LENGTH_16 ? 2 : short === LENGTH_16 ? 4 : 10);
    if (start > end) return -1;
    let length = short;
    if (short === LENGTH_16) length = bytes.readUInt16BE(at + 2);
    else if (short === LENGTH_64) length = bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
    if (start + length > end) return -1;
    if ((bytes[at + 1] & MASKED) !== 0 || (bytes[at] & FINAL) === 0) {
      this.fault('expected whole unmasked frames');
      return -1;
    }
    this.take(bytes[at] & OPCODE, start, start + length);
    return start + length;
  }

  private take(opcode: number, start: number, end: number): void {
    const { bytes, handler } = this;
    if (opcode === TEXT || opcode === BINARY) handler.onMessage(bytes, start, end, opcode === BINARY);
    else if (opcode === PING) handler.onPing(bytes.subarray(start, end));
    else if (opcode === CLOSE) handler.onClose(end - start < 2 ? NO_STATUS : bytes.readUInt16BE(start));
    else if (opcode !== PONG) this.fault(`expected a known opcode, was ${opcode}`);
  }
}
