// The messages of one named producer, over all its connections: each is taken once, in the order of their numbers.

import { ingressCounter } from '../../schemas/counters.ts';
import { FrameResult } from '../../schemas/ids.ts';
import { JournalFlag } from '../../schemas/journal.ts';
import type { DecoderFactory } from '../decode/sink.ts';
import type { MarketDirectory } from '../route/markets.ts';
import type { FrameWriter } from './frame-writer.ts';
import { Session } from './session.ts';

/** What a producer's connection can be told; a socket, or something in a test. */
export interface ProducerSocket {
  send(text: string): void;
  end(code: number, reason: string): void;
}

/** Bytes of a frame that make one record at least: `[1,1],` is six. And records that a frame may make beside its data. */
const RECORD_BYTES_MIN = 4;
const RECORDS_BESIDE = 64;

/**
 * Numbers. The message behind number n is n + 1, unless it states another:
 *
 *   stated ≤ last taken    a repeat: left out
 *   last taken + 1         taken, whatever comes of it: a message that is refused has its number, too
 *   above that             refused (`range`) and not taken: what is between has not come
 *
 * A message that finds no room is not looked at, so its decoder knows nothing of it, and neither are those behind it: the
 * connection is cut, and the producer sends them again. So the decoder, which stays for as long as the producer is known,
 * sees every message once.
 */
export class ProducerSession extends Session {
  override readonly producer: string;
  /** Number of the last message taken, and the entry of the journal it is in; 0 for none. */
  lastSequence = 0;
  lastEntry = 0;
  socket: ProducerSocket | null = null;
  /** Called when a message was taken, and when one found no room. */
  onTaken: (session: ProducerSession) => void = () => undefined;
  onCut: (session: ProducerSession) => void = () => undefined;
  private isCut = false;
  /** Number of the last message on this connection. */
  private position = 0;
  /** Number of the last message refused for it, 0 for none. */
  private jumpedTo = 0;

  constructor(
    producer: string,
    dialect: string,
    factory: DecoderFactory,
    writer: FrameWriter,
    markets: MarketDirectory,
    marketsMax: number,
  ) {
    super(dialect, factory, writer, markets, marketsMax, () => undefined);
    this.producer = producer;
    this.isNumbered = true;
  }

  /** A connection begins: its first message is the one behind `sequence`, unless it states another. */
  beginBehind(sequence: number): void {
    this.lastSequence = Math.max(this.lastSequence, sequence);
    this.position = sequence;
    this.isCut = false;
  }

  override take(view: DataView, at: number, length: number): number {
    if (this.isCut) return this.pass(length);
    const slots = RECORDS_BESIDE + this.seenMarkets.length + Math.ceil(length / RECORD_BYTES_MIN);
    if (!this.writer.waitForRoom(slots)) return this.cut(length);
    this.journalFlags = 0;
    this.producerSequence = 0;
    const result = super.take(view, at, length);
    if (this.producerSequence > 0) {
      this.lastEntry = this.writer.journal?.sequence ?? 0;
      this.onTaken(this);
    }
    return result;
  }

  private cut(length: number): number {
    this.isCut = true;
    this.writer.counters[ingressCounter.producersCut]++;
    this.onCut(this);
    return this.pass(length);
  }

  /** Nothing is lost, as it comes again, so no market is marked. */
  private pass(length: number): number {
    const { counters } = this.writer;
    this.frames++;
    counters[ingressCounter.frames]++;
    counters[ingressCounter.bytes] += length;
    counters[ingressCounter.dropped]++;
    return FrameResult.dropped;
  }

  protected override judge(result: number, isDecoded: boolean): number {
    const stated = isDecoded ? (this.decoder.statedSequence ?? -1) : -1;
    const number = stated >= 0 ? stated : this.position + 1;
    this.jumpedTo = number > this.lastSequence + 1 ? number : 0;
    if (this.jumpedTo > 0) return FrameResult.range;
    this.position = number;
    if (number <= this.lastSequence) return this.repeat();
    this.lastSequence = number;
    this.producerSequence = number;
    return result;
  }

  private repeat(): number {
    this.writer.counters[ingressCounter.repeats]++;
    this.journalFlags = JournalFlag.repeated;
    this.startAgain();
    return FrameResult.ignored;
  }

  protected override sentenceOf(category: string): string {
    if (category !== 'range' || this.jumpedTo === 0) return super.sentenceOf(category);
    return `expected message ${this.lastSequence + 1} of this producer, was ${this.jumpedTo}`;
  }

  protected override say(category: string, message: string, count: number): void {
    this.socket?.send(JSON.stringify({ op: 'error', category, message, count }));
  }
}
