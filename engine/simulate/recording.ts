// Owns a recording as a venue to be served: which frames are of which subscription, and which REST answers there are.

import { UsageError } from '../base/errors.ts';
import type { Channel } from './faults.ts';
import type { SimAnswer, SimRequest, SimSession, SimSocket, SimulatedVenue, SimVenueState } from './protocol.ts';
import { WatchedState } from './watched-state.ts';

/** A line of a recording as its reader gives it. */
export type RecordedText = {
  readonly kind: 'open' | 'send' | 'recv' | 'http';
  /** µs since 1970; null where the recording has none. */
  readonly timeUs: number | null;
  /** Connection inside its file, where the recording has several. */
  readonly connection?: string;
  readonly address: string;
  readonly text: string;
};

export type RecordedFrame = {
  /** Place in the recording. */
  readonly index: number;
  /** Since the recording's start. */
  readonly atMs: number;
  readonly symbols: readonly string[];
  readonly channel: Channel;
  readonly text: string;
};

/** `path` is the last part of the address, null where the line has a description instead of an address. */
type HttpAnswer = { readonly path: string | null; readonly names: readonly string[]; readonly text: string };

/** Where venues say what a frame is about. */
const SYMBOL_KEYS = ['s', 'symbol', 'instId', 'product_id', 'coin', 'pair', 'market_id', 'marketId'];
/** And with what it is about: `btcusdt@depth`, `orderbook.50.BTCUSDT`, `v4_trades`. */
const CHANNEL_KEYS = ['channel', 'stream', 'topic', 'e', 'event', 'type', 'op'];
const TRADES = /trade/i;
const BOOK = /book|depth|level2|l2_?data|diff/i;
/** Deep enough for `{"events":[{"trades":[{"product_id":…}]}]}`. */
const DEPTH_MAX = 6;
/** Pace of a recording without times. */
const UNTIMED_STEP_MS = 10;

type Subject = { readonly symbols: Set<string>; readonly channels: string[] };

/** Collects symbols and channel names; lists of levels are passed over. */
function look(value: unknown, depth: number, subject: Subject): void {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return;
  if (Array.isArray(value)) {
    if (Array.isArray(value[0])) return;
    for (const item of value) look(item, depth + 1, subject);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner !== 'string') look(inner, depth + 1, subject);
    else if (SYMBOL_KEYS.includes(key)) subject.symbols.add(inner);
    else if (CHANNEL_KEYS.includes(key)) subject.channels.push(inner);
  }
}

/** Symbol or symbols and channel of a frame; null for one of another channel, or without a market. */
export function subjectOf(text: string): { readonly symbols: readonly string[]; readonly channel: Channel } | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  const subject: Subject = { symbols: new Set(), channels: [] };
  look(parsed, 0, subject);
  if (Array.isArray(parsed)) lookAtArray(parsed, subject);
  else lookAtEnvelope(parsed as Record<string, unknown> | null, subject);
  if (subject.symbols.size === 0) return null;
  const name = subject.channels.join(' ');
  if (/subscribe|kline|candle|ticker/i.test(name)) return dydxSubscribed(name, subject);
  if (TRADES.test(name)) return { symbols: [...subject.symbols], channel: 'trades' };
  return BOOK.test(name) ? { symbols: [...subject.symbols], channel: 'book' } : null;
}

/** dYdX's answer to a subscription is the snapshot itself: `{"type":"subscribed","channel":"v4_orderbook",…}`. */
function dydxSubscribed(name: string, { symbols }: Subject): ReturnType<typeof subjectOf> {
  const match = /\bv[34]_(orderbook|trades)\b/.exec(name);
  return match === null ? null : { symbols: [...symbols], channel: match[1] === 'trades' ? 'trades' : 'book' };
}

/** Kraken v1: `[channelId, {…}, "book-1000", "XBT/USD"]`. */
function lookAtArray(parsed: readonly unknown[], subject: Subject): void {
  const texts = parsed.filter((item) => typeof item === 'string');
  if (texts.length !== 2) return;
  subject.channels.push(texts[0]);
  subject.symbols.add(texts[1]);
}

function lookAtEnvelope(parsed: Record<string, unknown> | null, subject: Subject): void {
  const { stream, topic, id, channel } = parsed ?? {};
  if (subject.symbols.size > 0) return;
  if (typeof stream === 'string' && stream.includes('@')) subject.symbols.add(stream.split('@')[0].toUpperCase());
  if (typeof topic === 'string' && topic.includes('.')) subject.symbols.add(topic.split('.').at(-1) ?? topic);
  if (typeof id === 'string' && typeof channel === 'string') subject.symbols.add(id);
}

/** What an address names: the values of its query that could be a market. */
function namesOf(query: URLSearchParams): string[] {
  return [...query].filter(([key]) => [...SYMBOL_KEYS, 'market', 'ticker'].includes(key)).map(([, value]) => value);
}

/** Versions of a venue's REST addresses differ in what stands before: `/api/v1/depth`, `/api/v3/depth`. */
const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function httpAnswerOf(line: RecordedText): HttpAnswer {
  if (!URL.canParse(line.address)) return { path: null, names: [], text: line.text };
  const url = new URL(line.address);
  return { path: lastPart(url.pathname), names: namesOf(url.searchParams), text: line.text };
}

/** Reads line by line, and keeps what can be served. */
class RecordingReader {
  readonly answers: HttpAnswer[] = [];
  private readonly isStreamPath: (path: string) => boolean;
  private readonly kept: { readonly connection: string; readonly frame: RecordedFrame }[] = [];
  /** Connections by whether they are to an address that the venue serves. */
  private readonly opened = new Map<string, boolean>();
  private startUs: number | null = null;
  private atMs = 0;

  constructor(isStreamPath: (path: string) => boolean) {
    this.isStreamPath = isStreamPath;
  }

  take(line: RecordedText): void {
    const { timeUs, connection = '', address, text } = line;
    if (timeUs !== null) this.startUs ??= timeUs;
    this.atMs =
      timeUs === null || this.startUs === null ? this.atMs + UNTIMED_STEP_MS : (timeUs - this.startUs) / 1_000;
    if (line.kind === 'http') this.answers.push(httpAnswerOf(line));
    if (line.kind === 'open' && URL.canParse(address)) {
      this.opened.set(connection, this.isStreamPath(new URL(address).pathname));
    }
    const subject = line.kind === 'recv' ? subjectOf(text) : null;
    if (subject === null) return;
    this.kept.push({ connection, frame: { index: this.kept.length, atMs: this.atMs, ...subject, text } });
  }

  frames(): RecordedFrame[] {
    const isAnyServed = [...this.opened.values()].includes(true);
    const isLeftOut = (connection: string): boolean => isAnyServed && this.opened.get(connection) === false;
    return this.kept.filter(({ connection }) => !isLeftOut(connection)).map(({ frame }) => frame);
  }
}

export class Recording {
  readonly symbols: readonly string[];
  private readonly byLane: ReadonlyMap<string, readonly RecordedFrame[]>;
  private readonly answers: readonly HttpAnswer[];

  private constructor(frames: readonly RecordedFrame[], answers: readonly HttpAnswer[]) {
    const byLane = new Map<string, RecordedFrame[]>();
    for (const frame of frames) {
      for (const symbol of frame.symbols) {
        const key = `${frame.channel}:${symbol}`;
        const lane = byLane.get(key);
        if (lane === undefined) byLane.set(key, [frame]);
        else lane.push(frame);
      }
    }
    this.byLane = byLane;
    this.answers = answers;
    this.symbols = [...new Set(frames.flatMap(({ symbols }) => symbols))];
  }

  /**
   * Where `isStreamPath` is given, connections to other addresses of the exchange are left out (Bybit's spot beside its
   * linear), unless there is none to one of these. Rejects with a UsageError where no frame is of a book or of trades.
   */
  static async read(
    lines: AsyncIterable<RecordedText> | Iterable<RecordedText>,
    isStreamPath: (path: string) => boolean = () => true,
  ): Promise<Recording> {
    const reader = new RecordingReader(isStreamPath);
    for await (const line of lines) reader.take(line);
    const frames = reader.frames();
    if (frames.length === 0) throw new UsageError('--recording: expected frames of books or trades, was none');
    return new Recording(frames, reader.answers);
  }

  frames(symbol: string, channel: Channel): readonly RecordedFrame[] {
    return this.byLane.get(`${channel}:${symbol}`) ?? [];
  }

  /**
   * The recorded REST answer: of the same address, and of the same market where the recorded address names one. A line
   * without an address holds a book.
   */
  answerOf({ path, query }: SimRequest, isBook: boolean): string | null {
    const asked = namesOf(query);
    const isSame = (answer: HttpAnswer): boolean =>
      (answer.path === null ? isBook : answer.path === lastPart(path)) &&
      answer.names.every((name) => asked.includes(name));
    return this.answers.find(isSame)?.text ?? null;
  }

  /** The venue with the recording's markets: it answers and acknowledges, but knows no book and no trade of its own. */
  venue(simulated: SimulatedVenue): SimulatedVenue {
    return new RecordedVenue(simulated, this);
  }
}

class RecordedVenue implements SimulatedVenue {
  readonly venue;
  readonly limits;
  readonly quantityDecimals;
  private readonly inner: SimulatedVenue;
  private readonly recording: Recording;
  private readonly bases: string[] = [];

  constructor(inner: SimulatedVenue, recording: Recording) {
    this.inner = inner;
    this.recording = recording;
    this.venue = inner.venue;
    this.limits = inner.limits;
    this.quantityDecimals = inner.quantityDecimals;
  }

  /** The n-th base asked for is the n-th market of the recording. */
  symbol(base: string): string {
    if (!this.bases.includes(base)) this.bases.push(base);
    return this.recording.symbols[this.bases.indexOf(base)] ?? this.inner.symbol(base);
  }

  isStreamPath(path: string): boolean {
    return this.inner.isStreamPath(path);
  }

  open(socket: SimSocket, path: string, query: URLSearchParams, state: SimVenueState): SimSession {
    return this.inner.open(socket, path, query, state);
  }

  /** Listings are the simulator's; books and trades are the recording's, or not there. */
  rest(request: SimRequest, state: SimVenueState): SimAnswer | null {
    const watched = new WatchedState(state);
    const answer = this.inner.rest(request, watched);
    if (answer === null || !(watched.isBookAsked || watched.areTradesAsked)) return answer;
    const body = this.recording.answerOf(request, watched.isBookAsked);
    if (body === null) return { status: 404, body: '{"error":"not in the recording"}', weight: answer.weight };
    return { ...answer, status: 200, body };
  }
}
