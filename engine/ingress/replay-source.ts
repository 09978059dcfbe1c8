// Feeds recordings through the same sessions that sockets have: frames in, records out, time as recorded.

import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { ingressCounter } from '../../schemas/counters.ts';
import { DIALECTS, type Dialect, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES } from '../../schemas/layout.ts';
import { venueRule } from '../../schemas/venue-rules.ts';
import { UsageError } from '../base/errors.ts';
import type { DecoderFactory, RecordSink } from '../decode/sink.ts';
import { type JournalItem, readEntries } from '../journal/journal-reader.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import type { MarketDirectory } from '../route/markets.ts';
import { Connections } from './connections.ts';
import type { FrameWriter } from './frame-writer.ts';
import { type JournalRead, JournalSource } from './journal-source.ts';
import { itemTimeUs, journalAt, type RecordedJournal } from './recorded-journal.ts';
import { merged, type RecordedLine, recordedLines } from './recording.ts';
import { Session } from './session.ts';

/** Some milliseconds of work. */
const ENTRIES_PER_TURN = 4_096;

export type ReplayPlan = {
  readonly files: readonly string[];
  /** Of files that do not tell it; null where all do. */
  readonly venue: Dialect | null;
  /** Times recorded speed; 0 is as fast as it goes. */
  readonly speed: number;
  /** Where what is shown begins and ends; null where only the end counts. */
  readonly span?: ReplaySpan | null;
};

/** From the first moment to before the last, µs since 1970; null is all there is. */
export type ReplaySpan = { readonly fromUs: number | null; readonly toUs: number | null };

export type ReplayCounts = {
  readonly frames: number;
  readonly ignored: number;
  readonly unplaced: number;
  /** Of the files that are journals. */
  readonly journals: readonly JournalRead[];
};

/** What comes next of any file: a line, or an item of a journal. */
type Recorded = RecordedLine | JournalItem;
const isLine = (recorded: Recorded): recorded is RecordedLine => 'text' in recorded;
const timeOf = (recorded: Recorded): number | null => (isLine(recorded) ? recorded.timeUs : itemTimeUs(recorded));

/** Hosts, and paths, that tell which member of a venue family a connection belongs to. */
const ADDRESSES: readonly (readonly [RegExp, Dialect])[] = [
  [/^([^/]*\.)?(fstream|fapi)\.binance\.com/, 'binance-futures'],
  [/^([^/]*\.)?(dstream|dapi)\.binance\.com/, 'binance-delivery'],
  [/^([^/]*\.)?binance\.us/, 'binance-us'],
  [/^([^/]*\.)?binance\.(com|vision)/, 'binance'],
  // Bybit has one host for its products: the path of a stream, or the category of an answer, tells them apart.
  [/^[^/]*bybit[^/]*\/v5\/public\/spot\b/, 'bybit-spot'],
  [/^[^/]*bybit[^/]*\/v5\/public\/linear\b/, 'bybit'],
  [/^[^/]*bybit[^/]*\/.*[?&]category=spot\b/, 'bybit-spot'],
  [/^[^/]*bybit[^/]*\/.*[?&]category=linear\b/, 'bybit'],
];

const family = (dialect: string): string => dialect.split('-')[0];

/** The venue an address tells, among those of the default's family; else the default. */
export function venueOfAddress(address: string, fallback: Dialect): Dialect {
  const place = address.replace(/^\w+:\/\//, '');
  const found = ADDRESSES.find(([pattern, dialect]) => pattern.test(place) && family(dialect) === family(fallback));
  return found === undefined ? fallback : found[1];
}

/** An order book snapshot in an http answer: one that joins deltas by its id. */
type BookSnapshot = { readonly body: string; readonly symbol: string | null };

/** The snapshot an http answer holds, or null. Its numbers are read from the text, by the decoder. */
function bookSnapshotOf(text: string): BookSnapshot | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof parsed !== 'object' || parsed === null) return null;
  if (!['lastUpdateId', 'bids', 'asks'].every((key) => Object.hasOwn(parsed, key))) return null;
  const symbol = (parsed as { symbol?: unknown }).symbol;
  return { body: text.trim(), symbol: typeof symbol === 'string' ? symbol : null };
}

/** The symbol that an address asks for, or null. */
function symbolOfAddress(address: string): string | null {
  const found = /[?&]symbol=([^&#]+)/.exec(address);
  if (found === null) return null;
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return found[1];
  }
}

const PROBE_SLOTS = 4096;

/** Collects the symbols a decoder asks for and throws its records away: finds a file's only market. */
class ProbeSink implements RecordSink {
  readonly u8 = new Uint8Array(PROBE_SLOTS * SLOT_BYTES);
  readonly u16 = new Uint16Array(this.u8.buffer);
  readonly u32 = new Uint32Array(this.u8.buffer);
  readonly f64 = new Float64Array(this.u8.buffer);
  readonly frame = new Float64Array(1);
  readonly symbols = new Map<string, number>();
  private next = 0;

  market(bytes: Uint8Array, from: number, to: number): number {
    const symbol = Buffer.from(bytes.subarray(from, to)).toString('utf8');
    const id = this.symbols.get(symbol) ?? this.symbols.size;
    this.symbols.set(symbol, id);
    return id;
  }

  marketOfVenue(bytes: Uint8Array, _venueFrom: number, _venueTo: number, from: number, to: number): number {
    return this.market(bytes, from, to);
  }

  claim(_market: number, type: number): number {
    const slot = this.next;
    this.next = (this.next + 1) % PROBE_SLOTS;
    this.u8[slot * SLOT_BYTES] = type === RecordType.none ? 0 : type;
    return slot;
  }
}

/** The symbol of the only market in a file, or null where it has none or several. */
async function onlySymbol(path: string, factory: DecoderFactory, venue: Dialect): Promise<string | null> {
  const sink = new ProbeSink();
  const decoder = factory(sink, venue);
  for await (const line of recordedLines(path)) {
    if (line.kind !== 'recv') continue;
    const bytes = Buffer.from(line.text, 'utf8');
    decoder.decode(bytes, bytes.length);
    if (sink.symbols.size > 1) return null;
  }
  return sink.symbols.keys().next().value ?? null;
}

/** Sessions of the connections of the files, by file and connection. */
class ReplaySessions {
  private readonly sessions = new Map<string, Session>();
  private readonly make: (venue: Dialect) => Session;
  private readonly fallback: Dialect;

  constructor(fallback: Dialect, make: (venue: Dialect) => Session) {
    this.fallback = fallback;
    this.make = make;
  }

  open(file: number, line: RecordedLine): void {
    this.sessions.set(`${file} ${line.connection}`, this.make(venueOfAddress(line.address, this.fallback)));
  }

  of(file: number, line: RecordedLine): Session {
    const key = `${file} ${line.connection}`;
    const session = this.sessions.get(key) ?? this.make(this.fallback);
    this.sessions.set(key, session);
    return session;
  }
}

/** Keeps recorded pace: waits until a line is due. */
class Pace {
  private readonly speed: number;
  private startUs: number | null = null;
  private readonly startMs = performance.now();

  constructor(speed: number) {
    this.speed = speed;
  }

  async until(timeUs: number | null, commit: () => void): Promise<void> {
    if (this.speed === 0 || timeUs === null) return;
    this.startUs ??= timeUs;
    const dueMs = this.startMs + (timeUs - this.startUs) / 1000 / this.speed;
    const waitMs = dueMs - performance.now();
    if (waitMs < 1) return;
    commit();
    await sleep(waitMs);
  }
}

/** Reads where others wait for the disk, too: nothing else is done on this thread. */
async function* journalItems({ folder }: RecordedJournal): AsyncGenerator<JournalItem> {
  yield* readEntries(folder);
}

function take(session: Session, text: string): void {
  const { buffer, byteOffset, byteLength } = Buffer.from(text, 'utf8');
  session.take(new DataView(buffer, byteOffset, byteLength), 0, byteLength);
}

/** Waits where the span begins, once, with all before it visible to the shards. */
class SpanGate {
  private readonly span: ReplaySpan | null;
  private readonly pause: () => Promise<void>;
  private isOpen: boolean;

  constructor(span: ReplaySpan | null, pause: () => Promise<void>) {
    this.span = span;
    this.pause = pause;
    this.isOpen = span === null;
  }

  /** The span has ended. What has no time belongs to what came before it. */
  isBehind(timeUs: number | null): boolean {
    const toUs = this.span?.toUs ?? null;
    return timeUs !== null && toUs !== null && timeUs >= toUs;
  }

  /** It is to be opened ahead of this. */
  isDue(timeUs: number | null): boolean {
    if (this.isOpen) return false;
    const fromUs = this.span?.fromUs ?? null;
    return fromUs === null || (timeUs !== null && timeUs >= fromUs);
  }

  /** Nothing came that the span could begin with. */
  async open(commit: () => void): Promise<void> {
    if (this.isOpen) return;
    this.isOpen = true;
    commit();
    await this.pause();
  }

  get isBefore(): boolean {
    return !this.isOpen;
  }
}

/** Runs a whole plan; returns when the last record is visible to the shards. `pause` is called where its span begins. */
export async function replay(
  plan: ReplayPlan,
  memory: EngineMemory,
  writer: FrameWriter,
  markets: MarketDirectory,
  decoders: Partial<Record<Dialect, DecoderFactory>>,
  pause: () => Promise<void> = () => Promise.resolve(),
): Promise<ReplayCounts> {
  const factoryOf = (venue: Dialect): DecoderFactory => {
    const factory = decoders[venue];
    if (factory === undefined) throw new UsageError(`replay: expected a venue with a decoder, was ${venue} (--venue)`);
    return factory;
  };
  const { marketsMax } = memory;
  const make = (venue: Dialect): Session =>
    new Session(venue, factoryOf(venue), writer, markets, marketsMax, () => undefined);
  const span = plan.span ?? null;
  const journals = plan.files.map((path) => journalAt(path, span !== null));
  const connections = new Connections(writer, marketsMax);
  const sources = journals.map((journal) =>
    journal === null
      ? null
      : new JournalSource(journal, memory, { writer, markets, marketsMax, connections, decoders }, span !== null),
  );
  const usual = plan.venue ?? DIALECTS[0];
  const sessions = new ReplaySessions(usual, make);
  const snapshots = new Map<number, Session>();
  const onlySymbols = new Map<number, string | null>();
  const pace = new Pace(plan.speed);
  let ignored = 0;
  let unplaced = 0;

  const begin = (timeUs: number | null): void => {
    if (timeUs === null) writer.beginTimeless();
    else writer.beginAt((timeUs - memory.anchor.wallUs) * 1000);
  };

  const placeSnapshot = async (file: number, line: RecordedLine, snapshot: BookSnapshot): Promise<void> => {
    const venue = venueOfAddress(line.address, usual);
    let symbol = snapshot.symbol ?? symbolOfAddress(line.address);
    if (symbol === null) {
      if (!onlySymbols.has(file)) onlySymbols.set(file, await onlySymbol(plan.files[file], factoryOf(venue), venue));
      symbol = onlySymbols.get(file) ?? null;
    }
    begin(line.timeUs);
    if (symbol === null) {
      unplaced++;
      return;
    }
    const session = snapshots.get(file) ?? make(venue);
    snapshots.set(file, session);
    const { body } = snapshot;
    const named = snapshot.symbol === null ? `{"symbol":${JSON.stringify(symbol)},${body.slice(1)}` : body;
    take(session, `{"snapshot":${named}}`);
  };

  const takeLine = async (file: number, line: RecordedLine): Promise<void> => {
    if (line.kind === 'open') sessions.open(file, line);
    // Some venues number requests with the messages that answer them.
    else if (line.kind === 'send') sessions.of(file, line).sent(line.text);
    else if (line.kind === 'recv') {
      begin(line.timeUs);
      take(sessions.of(file, line), line.text);
    } else {
      const joins = venueRule(venueOfAddress(line.address, usual)).joinsRestSnapshot;
      const snapshot = joins ? bookSnapshotOf(line.text) : null;
      if (snapshot !== null) return placeSnapshot(file, line, snapshot);
      begin(line.timeUs);
      ignored++;
    }
  };

  const files = plan.files.map((path, file): AsyncGenerator<Recorded> => {
    const journal = journals[file];
    return journal === null ? recordedLines(path) : journalItems(journal);
  });
  const commit = (): void => writer.commit();
  const gate = new SpanGate(span, pause);
  const takeMerged = async (): Promise<void> => {
    for await (const { item, source } of merged(files, timeOf)) {
      const timeUs = timeOf(item);
      if (gate.isBehind(timeUs)) break;
      if (gate.isDue(timeUs)) await gate.open(commit);
      if (!gate.isBefore) await pace.until(timeUs, commit);
      if (isLine(item)) await takeLine(source, item);
      else sources[source]?.take(item);
    }
  };
  /** A journal alone, as fast as it goes: what is awaited for each entry of the others is a fifth of the whole time here. */
  const takeJournal = async ({ folder }: RecordedJournal, source: JournalSource): Promise<void> => {
    let taken = 0;
    for (const item of readEntries(folder)) {
      const timeUs = itemTimeUs(item);
      if (gate.isBehind(timeUs)) break;
      if (gate.isDue(timeUs)) await gate.open(commit);
      source.take(item);
      // This thread hears that it is to end between two turns of its event loop alone.
      if (++taken % ENTRIES_PER_TURN === 0) await setImmediate();
    }
  };
  const [journal, source] = [journals[0], sources[0]];
  if (journals.length === 1 && journal !== null && source !== null && plan.speed === 0)
    await takeJournal(journal, source);
  else await takeMerged();
  await gate.open(commit);
  writer.commit();
  const counters = writer.counters;
  counters[ingressCounter.ignored] += ignored;
  counters[ingressCounter['snapshot-unplaced']] += unplaced;
  counters[ingressCounter.frames] += ignored + unplaced;
  const read = sources.flatMap((source) => (source === null ? [] : [source.report()]));
  return { frames: counters[ingressCounter.frames], ignored, unplaced, journals: read };
}
