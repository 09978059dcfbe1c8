// The thread of subscribers: raw sockets that count the messages they get, and time them where asked to.
//
// One clock read stands for all messages of one read of a socket: they were there at that time.

import type { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { type ClockAnchor, EngineClock } from '../../engine/base/clock.ts';
import { openFrameSocket, pongFrame, wireFrame } from '../../engine/load/frame-socket.ts';
import { LatencyRecorder } from '../../engine/observe/latency.ts';
import { readerWords } from './reader-words.ts';

/** How an update is known again: by market and id, each market's ids from `firstId` on, over markets in turn. */
export type Timing = {
  readonly latency: SharedArrayBuffer;
  readonly anchor: ClockAnchor;
  readonly markets: number;
  readonly firstId: number;
  readonly ratePerS: number;
  /** Updates that come first and are not timed. */
  readonly warmup: number;
  /** What stands before the id in a message. */
  readonly idMark: string;
};

export type ReaderPlan = {
  readonly port: number;
  readonly path: string;
  readonly words: SharedArrayBuffer;
  /** Channels of each socket. */
  readonly sockets: readonly (readonly string[])[];
  readonly timing: Timing | null;
  /** Whether the first socket parses all it gets and follows `seq` and `prevSeq`. */
  readonly isChecked: boolean;
};

const SYMBOL_MARK = Buffer.from('SYM');
const DIGIT_0 = 0x30;
const TEXT = 1;
const BINARY = 2;
const PING = 9;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

const plan = workerData as ReaderPlan;
const words = new Float64Array(plan.words);

/** Splits what comes over a socket into server frames (RFC 6455 §5.2), which are never masked. */
class FrameReader {
  private rest: Buffer = Buffer.alloc(0);
  private readonly onMessage: (bytes: Buffer, from: number, to: number) => void;
  /** A client that answers no ping is taken for gone. */
  private readonly onPing: (payload: Buffer) => void;

  constructor(onMessage: (bytes: Buffer, from: number, to: number) => void, onPing: (payload: Buffer) => void) {
    this.onMessage = onMessage;
    this.onPing = onPing;
  }

  take(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (at + 2 <= bytes.length) {
      const short = bytes[at + 1];
      const head = short < LENGTH_16 ? 2 : short === LENGTH_16 ? 4 : 10;
      if (at + head > bytes.length) break;
      const length = lengthAt(bytes, at, short);
      if (at + head + length > bytes.length) break;
      const opcode = bytes[at] & 0x0f;
      if (opcode === TEXT || opcode === BINARY) this.onMessage(bytes, at + head, at + head + length);
      else if (opcode === PING) this.onPing(bytes.subarray(at + head, at + head + length));
      at += head + length;
    }
    this.rest = at === bytes.length ? bytes.subarray(at) : Buffer.from(bytes.subarray(at));
  }
}

function lengthAt(bytes: Buffer, at: number, short: number): number {
  if (short < LENGTH_16) return short;
  return short === LENGTH_64 ? Number(bytes.readBigUInt64BE(at + 2)) : bytes.readUInt16BE(at + 2);
}

function integerAt(bytes: Buffer, at: number): number {
  let value = 0;
  for (let i = at; bytes[i] >= DIGIT_0 && bytes[i] < DIGIT_0 + 10; i++) value = value * 10 + bytes[i] - DIGIT_0;
  return value;
}

/** Knows each message's update by market and id, and records how late it is. */
class Timer {
  private readonly timing: Timing;
  private readonly clock: EngineClock;
  private readonly recorder: LatencyRecorder;
  private readonly idMark: Buffer;
  private readonly lastIds: Float64Array;
  private nowNs = 0;

  constructor(timing: Timing) {
    this.timing = timing;
    this.clock = new EngineClock(timing.anchor);
    this.recorder = new LatencyRecorder(timing.latency);
    this.idMark = Buffer.from(timing.idMark);
    this.lastIds = new Float64Array(timing.markets).fill(timing.firstId - 1);
  }

  /** Now is when the messages of a chunk are there. */
  mark(): void {
    this.nowNs = this.clock.nowNs();
  }

  take(bytes: Buffer, from: number): void {
    const { markets, firstId, ratePerS, warmup } = this.timing;
    const market = integerAt(bytes, bytes.indexOf(SYMBOL_MARK, from) + SYMBOL_MARK.length);
    const id = integerAt(bytes, bytes.indexOf(this.idMark, from) + this.idMark.length);
    if (id !== this.lastIds[market] + 1) words[readerWords.gaps]++;
    this.lastIds[market] = id;
    const update = (id - firstId) * markets + market;
    if (update < warmup) return;
    const dueNs = words[readerWords.startNs] + (update * 1e9) / ratePerS;
    this.recorder.record(Math.round(this.nowNs - dueNs), 1);
  }
}

/** Follows the numbering of each channel, and of the trades in it. */
class Checker {
  private readonly last = new Map<string, { seq: number; id: number }>();

  take(text: string): void {
    const { channel, seq, prevSeq, id } = JSON.parse(text) as Record<string, unknown>;
    const last = this.last.get(String(channel));
    const isNext = last === undefined || (prevSeq === last.seq && Number(id) === last.id + 1);
    if (!isNext) words[readerWords.gaps]++;
    this.last.set(String(channel), { seq: Number(seq), id: Number(id) });
  }
}

async function open(channels: readonly string[], index: number): Promise<Socket> {
  const socket = await openFrameSocket(plan.port, plan.path);
  const timer = plan.timing === null ? null : new Timer(plan.timing);
  const checker = plan.isChecked && index === 0 ? new Checker() : null;
  let isSubscribed = false;
  const reader = new FrameReader(
    (bytes, from, to) => {
      // The first message of a socket is the reply to its request.
      if (!isSubscribed) {
        isSubscribed = true;
        words[readerWords.replies]++;
        return;
      }
      timer?.take(bytes, from);
      checker?.take(bytes.toString('utf8', from, to));
      words[readerWords.received]++;
    },
    (payload) => socket.write(pongFrame(payload)),
  );
  socket.on('data', (chunk: Buffer) => {
    timer?.mark();
    reader.take(chunk);
  });
  socket.write(wireFrame(Buffer.from(JSON.stringify({ op: 'subscribe', args: channels }))));
  return socket;
}

async function run(): Promise<void> {
  const sockets: Socket[] = [];
  for (const [index, channels] of plan.sockets.entries()) sockets.push(await open(channels, index));
  parentPort?.once('message', () => {
    for (const socket of sockets) socket.destroy();
    parentPort?.close();
  });
  parentPort?.postMessage('open');
}

await run();
