// One producer connection: its decoder, its place in the counters, and what is answered to a bad frame. Hot path.

import { ERROR_ANSWER_INTERVAL_MS, PAYLOAD_BYTES_MAX } from '../../schemas/config.ts';
import { INGRESS_COUNTERS, type IngressCounterName, ingressCounter } from '../../schemas/counters.ts';
import { DIALECTS, type Dialect, FrameResult, REJECTION_NAMES } from '../../schemas/ids.ts';
import { JournalFlag } from '../../schemas/journal.ts';
import { captureState, restoreState } from '../base/state-image.ts';
import { frameBytes, frameF64, frameMemory, frameU32, frameView } from '../decode/frame-memory.ts';
import { scanState } from '../decode/scan.ts';
import type { DecoderFactory, FrameDecoder, RecordSink } from '../decode/sink.ts';
import { unescapeFrame } from '../decode/unescape.ts';
import type { MarketDirectory } from '../route/markets.ts';
import type { FrameWriter } from './frame-writer.ts';

/** Counter column of each rejection, by the negative of its code. */
const REJECTION_COLUMNS = REJECTION_NAMES.map((name) =>
  name === '' ? -1 : INGRESS_COUNTERS.findIndex((counter) => counter.name === (name as IngressCounterName)),
);

/** Sentences for the categories; the category is the machine's part, this is the person's. */
const REJECTION_SENTENCES: Readonly<Record<string, string>> = {
  syntax: 'expected one whole JSON text (or a valid Batch), was something else',
  shape: 'expected a frame of this dialect, was JSON of another shape',
  'missing-field': 'expected a field that the frame lacks',
  type: 'expected another type in a field',
  range: 'expected a number that fits (up to 9000000000000, no sign), was outside',
  precision: 'expected at most 18 decimals, was more',
  'unknown-market': 'expected a known market, and the market limit is reached',
  'too-large': 'expected a smaller frame',
  unauthorized: 'expected a valid token',
  internal: 'a fault of the engine; please report it',
  'snapshot-unplaced': 'expected a snapshot with its symbol',
  dropped: 'the ring of this market stayed full; the frame was dropped and the market is resynchronising',
};

/** Gives a decoder the market lookups of one venue and the claims of the thread's frame writer. */
export class SessionSink implements RecordSink {
  readonly frame: Float64Array;
  private readonly writer: FrameWriter;
  private readonly markets: MarketDirectory;
  private readonly venue: Uint8Array;

  constructor(writer: FrameWriter, markets: MarketDirectory, venue: string) {
    this.writer = writer;
    this.markets = markets;
    this.venue = new TextEncoder().encode(venue);
    this.frame = writer.frame;
  }

  get u8(): Uint8Array {
    return this.writer.u8;
  }

  get u16(): Uint16Array {
    return this.writer.u16;
  }

  get u32(): Uint32Array {
    return this.writer.u32;
  }

  get f64(): Float64Array {
    return this.writer.f64;
  }

  market(bytes: Uint8Array, from: number, to: number): number {
    return this.markets.find(this.venue, 0, this.venue.length, bytes, from, to);
  }

  marketOfVenue(bytes: Uint8Array, venueFrom: number, venueTo: number, from: number, to: number): number {
    return this.markets.find(bytes, venueFrom, venueTo, bytes, from, to);
  }

  /** A frame that finds no room is still decoded to its end: its decoder must know all that came. */
  claim(market: number, type: number): number {
    const slot = this.writer.claim(market, type);
    if (slot !== FrameResult.dropped) return slot;
    this.writer.drop();
    return this.writer.claim(market, type);
  }

  claimRun(market: number, type: number, count: number): number {
    return this.writer.claimRun(market, type, count);
  }

  /** What was claimed of the frame at hand is gone: it is decoded once more. */
  restart(): void {}
}

/** A frame that found no room is dropped, unless it is bad: that it is whatever the rings hold. */
function droppedOr(result: number): number {
  return result >= 0 || result === FrameResult.internal ? FrameResult.dropped : result;
}

/** What the session says to its producer: called at most once a second per category. */
export type ErrorAnswer = (category: string, message: string, count: number) => void;

const NO_STATE = new Uint8Array(0);

export class Session {
  readonly dialect: string;
  /** Name its producer gave itself, or null. */
  readonly producer: string | null = null;
  frames = 0;
  /** Number of the connection in the journal, and JournalFlag bits and the producer's number of the frame at hand. */
  connection = 0;
  journalFlags = 0;
  producerSequence = 0;
  /** Engine time in ns of the last frame that did not come by REST, where there is a journal; 0 for none. */
  lastFrameNs = 0;
  protected readonly writer: FrameWriter;
  protected readonly markets: MarketDirectory;
  /** Frames are judged by their number, too: judge(). */
  protected isNumbered = false;
  private readonly dialectIndex: number;
  private readonly factory: DecoderFactory;
  private readonly sink: SessionSink;
  protected decoder: FrameDecoder;
  /** Larger frames are refused unseen. */
  readonly bytesMax: number;
  /** Markets of this connection: a flag by id, and the ids. */
  private readonly isSeen: Uint8Array;
  private readonly seen: number[] = [];
  private readonly answerAtMs = new Float64Array(REJECTION_NAMES.length);
  private readonly unanswered = new Float64Array(REJECTION_NAMES.length);
  private readonly answer: ErrorAnswer;
  private gapsTaken = 0;
  private duplicatesTaken = 0;

  constructor(
    dialect: string,
    factory: DecoderFactory,
    writer: FrameWriter,
    markets: MarketDirectory,
    marketsMax: number,
    answer: ErrorAnswer,
    sink: SessionSink = new SessionSink(writer, markets, dialect),
  ) {
    this.sink = sink;
    this.dialect = dialect;
    this.writer = writer;
    this.markets = markets;
    this.dialectIndex = DIALECTS.indexOf(dialect as Dialect);
    this.factory = factory;
    this.decoder = factory(sink, dialect);
    this.bytesMax = PAYLOAD_BYTES_MAX[dialect];
    this.isSeen = new Uint8Array(marketsMax);
    this.answer = answer;
  }

  /**
   * Takes the frame view[at..at + length); the writer's begin() was called before. Returns its FrameResult. A good frame
   * in the venue's own writing allocates nothing; any other costs one view.
   */
  take(view: DataView, at: number, length: number): number {
    const { counters } = this.writer;
    this.frames++;
    counters[ingressCounter.frames]++;
    counters[ingressCounter.bytes] += length;
    let result = length > this.bytesMax ? FrameResult.tooLarge : this.decode(view, at, length);
    const isGood = result >= 0;
    if (!isGood || result === FrameResult.unknown) this.keepRejected(result, view, at, length);
    if (this.writer.isDropping) result = droppedOr(result);
    if (this.isNumbered) result = this.judge(result, length <= this.bytesMax);
    if (this.writer.journal !== null) this.writeDown(result, view, at, length);
    if (result < 0) {
      this.writer.abandon();
      // Where a good frame is not applied, its decoder still remembers the markets it has named.
      if (isGood) this.markets.confirm();
      else this.markets.rollback();
      this.reject(result);
      return result;
    }
    this.keep();
    if (result === FrameResult.applied) counters[ingressCounter.applied]++;
    else if (result === FrameResult.ignored) counters[ingressCounter.ignored]++;
    else counters[result === FrameResult.control ? ingressCounter.control : ingressCounter.unknown]++;
    return result;
  }

  private keepRejected(result: number, view: DataView, at: number, length: number): void {
    const category = result === FrameResult.unknown ? 'unknown' : REJECTION_NAMES[-result];
    this.writer.rejected?.note(category, this.connection, this.dialect, this.producer, view, at, length);
  }

  private decode(view: DataView, at: number, length: number): number {
    try {
      if (this.decoder.decodeInOrder !== undefined) {
        const result = this.decoder.decodeInOrder(view, at, at + length);
        if (result !== 0) return result;
        this.startAgain();
      }
      return this.decodeAny(new Uint8Array(view.buffer, view.byteOffset + at, length));
    } catch {
      return FrameResult.internal;
    }
  }

  private decodeAny(bytes: Uint8Array): number {
    scanState.sawEscape = false;
    const result = this.decoder.decode(bytes, bytes.length);
    // Broken JSON stays broken; else a copy is decoded in which plain characters are plain.
    if (!scanState.sawEscape || result === FrameResult.syntax) return result;
    this.startAgain();
    const copy = new Uint8Array(bytes.length);
    const length = unescapeFrame(bytes, bytes.length, copy);
    return this.decoder.decode(copy.subarray(0, length), length);
  }

  /** What a frame comes to by its number; by default numbers say nothing. `isDecoded` where its decoder has seen it. */
  protected judge(result: number, _isDecoded: boolean): number {
    return result;
  }

  /** Goes ahead of the frame's end, which may commit: a stamp speaks of the entries whose records are before it. */
  private writeDown(result: number, view: DataView, at: number, length: number): void {
    const { writer } = this;
    if ((this.journalFlags & JournalFlag.rest) === 0) this.lastFrameNs = writer.frame[0];
    writer.journal?.frame(
      this.connection,
      this.dialectIndex,
      result === FrameResult.dropped ? this.journalFlags | JournalFlag.dropped : this.journalFlags,
      result,
      writer.frame[0],
      this.producerSequence,
      view,
      at,
      // Of one that was refused unseen nothing is kept: its bytes would be a hole in the journal before they are of use.
      length > this.bytesMax ? 0 : length,
    );
  }

  /** A text was sent on this connection. */
  sent(text: string): void {
    if (this.decoder.sent === undefined) return;
    const { journal } = this.writer;
    if (journal !== null) journal.sent(this.connection, this.dialectIndex, Buffer.from(text), this.writer.nowNs());
    this.decoder.sent(text);
  }

  /** Markets of this connection. */
  get seenMarkets(): readonly number[] {
    return this.seen;
  }

  /** What the decoder must remember. */
  captureDecoder(): Uint8Array {
    return this.decoder.isStateless === true ? NO_STATE : captureState(this.decoder, { shared: this.shared() });
  }

  /** Goes on where a session was whose decoder came to `image`, and which had these markets. */
  restore(image: Uint8Array, markets: readonly number[]): void {
    if (this.decoder.isStateless !== true) this.fill(image);
    for (const market of markets) this.see(market);
    this.gapsTaken = this.decoder.gaps ?? 0;
    this.duplicatesTaken = this.decoder.duplicates ?? 0;
  }

  private fill(image: Uint8Array): void {
    const { stateClasses: classes = {} } = this.decoder;
    restoreState(this.decoder, image, { shared: this.shared(), classes });
  }

  /** The decoder forgets all: frames between two that it is given are not known. */
  beginAnew(): void {
    this.takeCounts();
    this.decoder = this.factory(this.sink, this.dialect);
    this.gapsTaken = 0;
    this.duplicatesTaken = 0;
  }

  /** What the decoder works with, and is none of its state. */
  private shared(): object[] {
    return [this.sink, frameMemory, frameMemory.buffer, frameBytes, frameView, frameF64, frameU32];
  }

  /** Nothing of the pass before stays. */
  protected startAgain(): void {
    this.writer.restart();
    this.sink.restart();
    this.markets.rollback();
  }

  private keep(): void {
    const writer = this.writer;
    this.noteTouched();
    if (this.markets.hasProvisional) this.markets.confirm();
    writer.end();
  }

  private reject(code: number): void {
    const writer = this.writer;
    writer.counters[REJECTION_COLUMNS[-code]]++;
    if (code === FrameResult.dropped) this.dropMarkets();
    this.unanswered[-code]++;
    const now = performance.now();
    if (now >= this.answerAtMs[-code]) this.tell(-code, now);
  }

  protected noteTouched(): void {
    const { touched, touchedCount, touchedBeside } = this.writer;
    for (let i = 0; i < touchedCount; i++) {
      // A market that only a refused frame named is gone again.
      if (touched[i] < this.markets.size) this.see(touched[i]);
    }
    if (touchedBeside.size > 0) for (const market of touchedBeside) if (market < this.markets.size) this.see(market);
  }

  private see(market: number): void {
    if (this.isSeen[market] === 1) return;
    this.isSeen[market] = 1;
    this.seen.push(market);
  }

  /** A dropped frame may have held any market of this connection: all of them are owed a gap, so none is silently wrong. */
  protected dropMarkets(): void {
    this.noteTouched();
    for (const market of this.seen) this.writer.markDropped(market);
  }

  /** Takes over what the decoder counted of its connection since the last time; called each second and at the end. */
  takeCounts(): void {
    const { counters } = this.writer;
    const { gaps = 0, duplicates = 0 } = this.decoder;
    counters[ingressCounter.connectionGaps] += gaps - this.gapsTaken;
    counters[ingressCounter.duplicates] += duplicates - this.duplicatesTaken;
    this.gapsTaken = gaps;
    this.duplicatesTaken = duplicates;
  }

  /** Tells the producer of rejections not answered yet; called each second, so none waits for the next bad frame. */
  flushAnswers(): void {
    const now = performance.now();
    for (let code = 1; code < this.unanswered.length; code++) {
      if (this.unanswered[code] > 0 && now >= this.answerAtMs[code]) this.tell(code, now);
    }
  }

  protected sentenceOf(category: string): string {
    return REJECTION_SENTENCES[category];
  }

  protected say(category: string, message: string, count: number): void {
    this.answer(category, message, count);
  }

  private tell(code: number, now: number): void {
    this.answerAtMs[code] = now + ERROR_ANSWER_INTERVAL_MS;
    const category = REJECTION_NAMES[code];
    this.say(category, this.sentenceOf(category), this.unanswered[code]);
    this.unanswered[code] = 0;
  }
}
