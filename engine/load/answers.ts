// Reads what the engine sends on an ingest connection: errors by category, pings, the close.

/** Told of each message; payloads are valid during the call only. */
export type AnswerListener = {
  onText(text: string): void;
  onPing(payload: Uint8Array): void;
  onClose(): void;
};

const OPCODE = 0x0f;
const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const LENGTH = 0x7f;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

type Head = { readonly opcode: number; readonly payloadAt: number; readonly end: number };

/** The frame at `offset`; null where it has not come whole. Servers do not mask (RFC 6455 §5.1). */
function headAt(bytes: Buffer, offset: number): Head | null {
  if (offset + 2 > bytes.length) return null;
  const opcode = bytes[offset] & OPCODE;
  const short = bytes[offset + 1] & LENGTH;
  const extended = short === LENGTH_64 ? 8 : short === LENGTH_16 ? 2 : 0;
  const payloadAt = offset + 2 + extended;
  if (payloadAt > bytes.length) return null;
  const length =
    extended === 0
      ? short
      : extended === 2
        ? bytes.readUInt16BE(offset + 2)
        : Number(bytes.readBigUInt64BE(offset + 2));
  return payloadAt + length > bytes.length ? null : { opcode, payloadAt, end: payloadAt + length };
}

export class AnswerReader {
  private readonly listener: AnswerListener;
  /** The beginning of a frame whose end has not come. */
  private rest: Buffer = Buffer.alloc(0);

  constructor(listener: AnswerListener) {
    this.listener = listener;
  }

  take(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let offset = 0;
    for (let head = headAt(bytes, 0); head !== null; head = headAt(bytes, offset)) {
      this.tell(head.opcode, bytes.subarray(head.payloadAt, head.end));
      offset = head.end;
    }
    this.rest = Buffer.from(bytes.subarray(offset));
  }

  private tell(opcode: number, payload: Buffer): void {
    if (opcode === TEXT) this.listener.onText(payload.toString('utf8'));
    else if (opcode === PING) this.listener.onPing(payload);
    else if (opcode === CLOSE) this.listener.onClose();
  }
}

/** Category and count of an error answer; null for any other message. */
export function errorOf(text: string): { readonly category: string; readonly count: number } | null {
  let answer: { readonly op?: unknown; readonly category?: unknown; readonly count?: unknown } | null;
  try {
    answer = JSON.parse(text);
  } catch {
    return null;
  }
  if (answer?.op !== 'error' || typeof answer.category !== 'string') return null;
  return { category: answer.category, count: typeof answer.count === 'number' ? answer.count : 1 };
}
