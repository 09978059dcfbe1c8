// Owns a talk between a venue's dialogue and its simulator in memory: texts go to and fro, frames through decoder and books.

import type { Dialogue, Notice, Subscription, VenueConnector } from '../../engine/connect/protocol.ts';
import type { FrameDecoder } from '../../engine/decode/sink.ts';
import type { SimSession } from '../../engine/simulate/protocol.ts';
import { FrameResult, LevelFlag } from '../../schemas/ids.ts';
import { SnapshotStage } from '../../workers/book/snapshot-stage.ts';
import { BookUnderTest, type TextLevel } from '../unit/workers/book/book-records.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from './memory-sink.ts';
import type { FakeSimSocket, FakeVenue } from './sim-fakes.ts';

/** Two sides of 500 levels and a head. */
const SLOTS = 1024;

export class VenueTalk {
  readonly dialogue: Dialogue;
  readonly socket: FakeSimSocket;
  readonly session: SimSession;
  readonly notices: Notice[] = [];
  readonly books = new Map<string, BookUnderTest>();
  /** Trades by symbol, in the order they came. */
  readonly trades = new Map<string, MemoryRecord[]>();
  /** Frames by their result. */
  readonly results = new Map<number, number>();
  private readonly venue: string;
  private readonly sink = new MemorySink();
  private readonly decoder: FrameDecoder;
  private readonly stage = new SnapshotStage();

  constructor(connector: VenueConnector, fake: FakeVenue, makeDecoder: (sink: MemorySink) => FrameDecoder) {
    this.venue = connector.venue;
    this.dialogue = connector.dialogue();
    this.decoder = makeDecoder(this.sink);
    const { socket, session } = fake.open(connector.path([]));
    this.socket = socket;
    this.session = session;
    this.send(this.dialogue.greet());
  }

  subscribe(subscriptions: readonly Subscription[], perMessage: number): void {
    for (let from = 0; from < subscriptions.length; from += perMessage) {
      this.send(this.dialogue.subscribe(subscriptions.slice(from, from + perMessage)));
    }
  }

  send(texts: readonly (string | null)[]): void {
    for (const text of texts) if (text !== null) this.session.message(text);
    this.hear();
  }

  /** Takes all that the simulator has sent; what the dialogue replies goes back. `keep` may lose frames. */
  hear(keep: (text: string) => boolean = () => true): void {
    for (let sent = this.socket.takeTexts(); sent.length > 0; sent = this.socket.takeTexts()) {
      for (const text of sent) if (keep(text)) this.take(text);
    }
  }

  /** One frame of any origin. */
  take(text: string): void {
    const { result, records } = decodeFrame(this.sink, this.decoder, text);
    this.results.set(result, (this.results.get(result) ?? 0) + 1);
    if (result === FrameResult.control || result === FrameResult.unknown) this.read(text);
    if (records.some(({ type }) => type === 'bookChange')) this.feed(records);
    for (const record of records) if (record.type === 'trade') this.keepTrade(record);
  }

  private read(text: string): void {
    const notices = this.dialogue.read(text);
    this.notices.push(...notices);
    for (const notice of notices) if (notice.kind === 'reply') this.session.message(notice.text);
  }

  private keepTrade(record: MemoryRecord): void {
    const held = this.trades.get(record.market);
    if (held === undefined) this.trades.set(record.market, [record]);
    else held.push(record);
  }

  /** A message has one change, of one market. */
  private feed([head, ...levels]: readonly MemoryRecord[]): void {
    const book = this.books.get(head.market) ?? new BookUnderTest(this.venue, this.stage, SLOTS);
    this.books.set(head.market, book);
    const side = (flag: number): TextLevel[] =>
      levels.filter(({ flags }) => flags === flag).map(({ price, quantity }) => [String(price), String(quantity)]);
    book.feed({
      flags: Number(head['flags']),
      first: Number(head['firstSequence']),
      last: Number(head['lastSequence']),
      previous: Number(head['previousSequence']),
      depth: Number(head['depth']),
      bids: side(0),
      asks: side(LevelFlag.ask),
    });
  }
}

/** Levels as canonical text, as books under test show them. */
export function canonicalLevels(levels: readonly TextLevel[]): TextLevel[] {
  const plain = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  return levels.map(([price, quantity]) => [plain(price), plain(quantity)]);
}
