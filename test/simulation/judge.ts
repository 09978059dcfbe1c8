// Whether the engine is right: its books against those of the venues, its counts against what went in.

import type { BookChangeMessage, TradeBarMessage } from '../../engine/publish/messages.ts';
import { LEVEL_NUMBERS } from '../../engine/publish/messages.ts';
import { FrameResult, RequestKind } from '../../schemas/ids.ts';
import type { Accounts } from './accounts.ts';
import { milliOf, type PlainBar, timeBars, tradesIn } from './bars-reference.ts';
import { type EngineCore, SIMULATED_PLANS } from './engine-core.ts';
import { type InputLog, outcomeOf } from './input-log.ts';
import type { Reader } from './reader.ts';
import { bookText, type TrueLevel, type TrueMarket } from './truth.ts';
import { WIRES } from './wire.ts';

const BAR_MS = 1_000;
const ANSWER_ROUNDS = 100;
const ALL = 4_096;
const NUMBERED = new Set(WIRES.filter(({ isNumbered }) => isNumbered).map(({ venue }) => venue));

/** Milli and atto as the shortest decimal text, without the engine's own writer. */
function text(milli: number, atto: number): string {
  const digits = (BigInt(milli) * 10n ** 15n + BigInt(atto)).toString().padStart(19, '0');
  const fraction = digits.slice(-18).replace(/0+$/, '');
  return digits.slice(0, -18) + (fraction === '' ? '' : `.${fraction}`);
}

function plainOf({ startUs, prices, volume, buyVolume, trades }: TradeBarMessage): PlainBar {
  const price = (index: number): string => (prices === null ? '' : text(prices[2 * index], prices[2 * index + 1]));
  const four = [price(0), price(1), price(2), price(3)] as const;
  return { startMs: startUs / 1000, prices: four, volume: milliOf(volume), buyVolume: milliOf(buyVolume), trades };
}

function levelsOf(levels: Float64Array): TrueLevel[] {
  return Array.from({ length: levels.length / LEVEL_NUMBERS }, (_, index) => {
    const at = index * LEVEL_NUMBERS;
    return [text(levels[at], levels[at + 1]), text(levels[at + 2], levels[at + 3])];
  });
}

export class Judge {
  /** Books that were asked for and found right; bars; markets found as an undisturbed shard has them. */
  booksChecked = 0;
  barsChecked = 0;
  marketsCompared = 0;
  /** Markets whose shard began anew with nothing, and those some of whose input was in no journal: they are known to lack some. */
  readonly begunAnew = new Set<string>();
  readonly holed = new Set<string>();
  /** The engine of now: another after each end of the process. */
  core: EngineCore;
  private readonly inputs: InputLog;
  private readonly markets: ReadonlyMap<string, TrueMarket>;
  private readonly accounts: Accounts;
  private readonly fail: (what: string) => never;
  /** The last answer for each market. */
  private readonly answers = new Map<string, BookChangeMessage>();

  constructor(
    core: EngineCore,
    inputs: InputLog,
    markets: ReadonlyMap<string, TrueMarket>,
    accounts: Accounts,
    fail: (what: string) => never,
  ) {
    this.core = core;
    this.inputs = inputs;
    this.markets = markets;
    this.accounts = accounts;
    this.fail = fail;
  }

  /** Asks for a whole book, as over HTTP; the answer comes when its shard and main have acted. */
  ask(name: string): void {
    const id = this.core.main.names.idOf(name);
    const market = this.markets.get(name);
    if (id < 0 || market === undefined) return;
    this.core.main.ask({ market: id, kind: RequestKind.book, limit: 0, barKind: 0 }, (answer) => {
      if (answer?.book) this.check(market, answer.book);
    });
  }

  /** A live book is that of the venue at the same number. */
  private check(market: TrueMarket, book: BookChangeMessage): void {
    this.answers.set(market.name, book);
    if (book.state !== 'live') return;
    const told = bookText(levelsOf(book.bids), levelsOf(book.asks));
    this.booksChecked++;
    if (!NUMBERED.has(market.venue)) {
      if (!market.sequencesOf.has(told)) this.fail(`${market.name}: the venue never had ${told}`);
      return;
    }
    const was = market.states.get(book.venueSequence);
    if (was !== told) this.fail(`${market.name} at ${book.venueSequence}: expected ${was}, was ${told}`);
  }

  isLive(market: TrueMarket): boolean {
    const id = this.core.main.names.idOf(market.name);
    return id >= 0 && this.core.latest.read(id).state === 'live';
  }

  private isCurrent(market: TrueMarket): boolean {
    const book = this.answers.get(market.name);
    if (book === undefined || book.state !== 'live') return false;
    return bookText(levelsOf(book.bids), levelsOf(book.asks)) === market.states.get(market.sequence);
  }

  /** Everything went through, every book is the venue's, and every reader has it. */
  isRight(readers: readonly Reader[]): boolean {
    return this.whatIsWrong(readers) === null;
  }

  whatIsWrong(readers: readonly Reader[]): string | null {
    for (const market of this.markets.values()) {
      if (!this.isLive(market)) return `${market.name} is not live`;
      if (!this.isCurrent(market)) {
        this.ask(market.name);
        return `${market.name} is not the book of the venue`;
      }
      const wrong = readers.find((reader) => !this.hasBook(reader, market));
      if (wrong !== undefined) return `${wrong.name} has not the book of ${market.name}`;
    }
    return this.core.isQuiet ? null : 'rings are not empty';
  }

  private hasBook(reader: Reader, market: TrueMarket): boolean {
    const book = reader.bookOf(`book.${market.name}`);
    return book?.state === 'live' && book.text === market.states.get(market.sequence);
  }

  /** All that went in is counted once. */
  settled(readers: readonly Reader[]): void {
    const wrong = this.whatIsWrong(readers);
    if (wrong !== null) this.fail(wrong);
    this.frames();
    for (const [name, account] of this.accounts.markets) {
      const id = this.core.main.names.idOf(name);
      const row = (column: Parameters<EngineCore['counted']>[1]): number => this.core.counted(id, column);
      const changes =
        row('bookChanges') +
        row('duplicates') -
        row('duplicateTrades') +
        row('discarded') +
        row('held') -
        row('released');
      const trades = row('tradeRecords') + row('duplicateTrades') + row('otherTrades');
      if (row('frames') !== account.frames && !this.holed.has(name))
        this.fail(`${name}: ${account.frames} frames in, ${row('frames')} counted`);
      if (this.isLacking(name)) continue;
      if (changes !== account.changes) this.fail(`${name}: ${account.changes} changes in, ${changes} accounted for`);
      if (trades !== account.trades) this.fail(`${name}: ${account.trades} trades in, ${trades} accounted for`);
    }
  }

  /** What a producer with a name has sent is all there, whatever became of its connections. */
  exactlyOnce(markets: readonly TrueMarket[]): void {
    for (const { name, trades } of markets) {
      if (this.holed.has(name)) continue;
      const id = this.core.main.names.idOf(name);
      const account = this.accounts.of(name);
      if (account.trades !== trades.length) this.fail(`${name}: ${trades.length} trades sent, ${account.trades} taken`);
      const accepted = this.core.counted(id, 'tradeRecords');
      if (!this.begunAnew.has(name) && accepted !== trades.length)
        this.fail(`${name}: ${trades.length} trades sent, ${accepted} accepted`);
    }
  }

  private isLacking(name: string): boolean {
    // Without a journal the shard says how much it left out.
    const isKnown = this.core.journal === null && this.core.cutShort === 0;
    return (this.begunAnew.has(name) && !isKnown) || this.holed.has(name);
  }

  /** Shards that ended on the way, and processes, came to what one shard comes to that is given all their records once. */
  undisturbed(): void {
    const { core, inputs } = this;
    for (const name of this.markets.keys()) {
      if (this.begunAnew.has(name)) continue;
      const id = core.main.names.idOf(name);
      const { dispatch } = core.shards[id % core.shards.length];
      const [is, should] = [outcomeOf(id, core.memory, dispatch), inputs.undisturbed(id, core.memory)];
      this.marketsCompared++;
      const counters = Object.keys(should.counters).filter((key) => is.counters[key] !== should.counters[key]);
      const told = counters.map((key) => `${key} ${is.counters[key]} for ${should.counters[key]}`);
      if (told.length > 0) this.fail(`${name}: not as in an undisturbed shard: ${told.join(', ')}`);
      if (is.dump !== should.dump) this.fail(`${name}: book, bars or signals are not those of an undisturbed shard`);
      if (is.latest !== should.latest) this.fail(`${name}: the latest values are not those of an undisturbed shard`);
    }
  }

  /** Bars are those that anyone would build from the trades that were accepted. */
  bars(): void {
    for (const name of this.markets.keys()) {
      const id = this.core.main.names.idOf(name);
      const trades = tradesIn(this.accounts.tradesOf(name));
      const isAll = this.core.counted(id, 'tradeRecords') === trades.length && this.core.counted(id, 'late') === 0;
      if (this.isLacking(name) || !isAll) continue;
      const plain = timeBars(trades, BAR_MS);
      for (const bar of this.askBars(id)) {
        const startMs = bar.startUs / 1000;
        const expected = JSON.stringify(plain.get(startMs) ?? null);
        const was = JSON.stringify(plainOf(bar));
        if (was !== expected) this.fail(`${name}: bar at ${startMs}: expected ${expected}, was ${was}`);
        this.barsChecked++;
      }
    }
  }

  private askBars(market: number): readonly TradeBarMessage[] {
    const { core } = this;
    let bars: readonly TradeBarMessage[] | null = null;
    const barKind = SIMULATED_PLANS.barKinds.findIndex((kind) => kind.name === '1s');
    core.main.ask({ market, kind: RequestKind.bars, limit: 0, barKind }, (answer) => {
      bars = answer?.bars ?? [];
    });
    for (let round = 0; round < ANSWER_ROUNDS && bars === null; round++) {
      for (const { shard } of core.shards) core.turn(shard, ALL);
      core.main.round();
    }
    return bars ?? this.fail('a question for bars was not answered');
  }

  private frames(): void {
    const { accounts, core } = this;
    const ways = ['applied', 'control', 'ignored', 'unknown'] as const;
    const refused = [
      'syntax',
      'shape',
      'missing-field',
      'type',
      'range',
      'precision',
      'unknown-market',
      'too-large',
      'dropped',
    ] as const;
    const sum = [...ways, ...refused].reduce((all, way) => all + core.ingressCounted(way), 0);
    // Behind a hole frames are decoded by sessions that begin there.
    if (this.holed.size > 0) return;
    if (core.ingressCounted('frames') !== accounts.frames || sum !== accounts.frames)
      this.fail(
        `${accounts.frames} frames in, ${core.ingressCounted('frames')} counted, ${sum} by what became of them`,
      );
    const dropped = accounts.results.get(FrameResult.dropped) ?? 0;
    if (dropped !== core.ingressCounted('dropped'))
      this.fail(`${dropped} dropped, ${core.ingressCounted('dropped')} counted`);
  }
}
