// A publisher over real sockets with shards played by this thread: writes output records and answers requests.

import { WebSocket } from 'ws';
import { plainAccess } from '../../engine/base/access.ts';
import { EngineClock } from '../../engine/base/clock.ts';
import { formatDecimal } from '../../engine/base/decimal.ts';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { createEngineMemory, type EngineMemory, shardOf } from '../../engine/memory/engine-memory.ts';
import { type Publisher, type PublisherOptions, startPublisher } from '../../engine/publish/publisher.ts';
import { Doorbell } from '../../engine/ring/doorbell.ts';
import { RingReader, RingWriter } from '../../engine/ring/spsc-ring.ts';
import {
  answer,
  bar,
  barNotional,
  barPrices,
  barSides,
  barSpread,
  barVolumes,
  bbo,
  bboAsk,
  bookUpdate,
  outputGap,
  outputStamp,
  request,
  signal,
  status,
  tradeNumber,
} from '../../schemas/derived.ts';
import { BookState, Interest, LevelFlag, RecordType, RequestKind, TradeFlag } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U32 } from '../../schemas/layout.ts';
import { level, trade, tradeId } from '../../schemas/market-data.ts';
import { engineWords, marketRow } from '../../schemas/shared-state.ts';
import { crc32 } from './reference/crc32.ts';

export const START_US = 1_767_225_600_000_000;
/** Numbers of the bar kind and the signal that the rig's shards write, in marketPlansOf()'s lists. */
const ONE_MINUTE = 1;
export const IMBALANCE = 0;
/** Price milli, quantity milli. */
export type Quote = readonly [number, number];

export class FakeShard {
  readonly ring: RingWriter;
  readonly bids = new Map<number, Quote[]>();
  readonly asks = new Map<number, Quote[]>();
  readonly sequences = new Map<number, number>();
  requests = 0;
  isSilent = false;
  private readonly commands: RingReader;
  private readonly clock: EngineClock;

  constructor(memory: EngineMemory, shard: number, clock: EngineClock) {
    this.ring = new RingWriter(memory.shards[shard].output, new Doorbell(memory.mainDoorbell));
    this.commands = new RingReader(memory.shards[shard].command);
    this.clock = clock;
  }

  private claim(type: number, flags: number, market: number, count: number): number {
    const slot = this.ring.claim();
    if (slot < 0) throw new Error('fake shard: output ring full');
    this.ring.u32[slot * SLOT_U32] = type | (flags << 8) | (market << 16);
    this.ring.u32[slot * SLOT_U32 + 1] = count;
    return slot;
  }

  private put(slot: number, values: Record<number, number>): void {
    for (const [at, value] of Object.entries(values)) this.ring.f64[slot * SLOT_F64 + Number(at)] = value;
  }

  trade(market: number, id: number | string | null, priceMilli: number, matches = 1): void {
    const flags = id === null ? TradeFlag.noId : typeof id === 'string' ? TradeFlag.textId : 0;
    const slot = this.claim(RecordType.trade, 1 | flags, market, matches);
    this.put(slot, {
      [trade.at.receiveTimeNs]: this.clock.nowNs(),
      [trade.at.exchangeTimeUs]: START_US,
      [trade.at.priceMilli]: priceMilli,
      [trade.at.priceAtto]: 5,
      [trade.at.quantityMilli]: 250,
      [trade.at.quantityAtto]: 0,
      [trade.at.id]: typeof id === 'number' ? id : 0,
    });
    if (typeof id === 'string') {
      const bytes = new TextEncoder().encode(id);
      const text = this.claim(RecordType.tradeId, 0, market, bytes.length);
      this.ring.u8.set(bytes, text * SLOT_BYTES + tradeId.at.text);
    }
    this.ring.endFrame();
  }

  private levels(market: number, quotes: readonly Quote[], flag: number): void {
    for (const [priceMilli, quantityMilli] of quotes) {
      const slot = this.claim(RecordType.level, flag, market, 0);
      this.put(slot, {
        [level.at.priceMilli]: priceMilli,
        [level.at.priceAtto]: 0,
        [level.at.quantityMilli]: quantityMilli,
        [level.at.quantityAtto]: 0,
      });
    }
  }

  private book(market: number, flags: number, bids: readonly Quote[], asks: readonly Quote[]): void {
    const slot = this.claim(RecordType.bookChange, flags, market, bids.length + asks.length);
    this.put(slot, {
      [bookUpdate.at.receiveTimeNs]: this.clock.nowNs(),
      [bookUpdate.at.exchangeTimeUs]: START_US,
      [bookUpdate.at.bookSequence]: this.sequences.get(market) ?? 0,
      [bookUpdate.at.venueSequence]: 1000,
      [bookUpdate.at.levelsBid]: this.bids.get(market)?.length ?? 0,
      [bookUpdate.at.levelsAsk]: this.asks.get(market)?.length ?? 0,
    });
    this.ring.u32[slot * SLOT_U32 + bookUpdate.at.checksum] = this.checksum(market);
    this.ring.u8[slot * SLOT_BYTES + bookUpdate.at.state] = BookState.live;
    this.ring.u8[slot * SLOT_BYTES + bookUpdate.at.reason] = 0;
    this.levels(market, bids, 0);
    this.levels(market, asks, LevelFlag.ask);
  }

  /** Of the market's whole book, its sides best first. */
  checksum(market: number): number {
    const sides = [this.bids.get(market) ?? [], this.asks.get(market) ?? []];
    const ranks = Array.from({ length: 10 }, (_, rank) => sides.map((side) => side[rank]));
    const texts = ranks
      .flat()
      .flatMap((quote) => (quote === undefined ? [] : quote.map((milli) => formatDecimal(milli, 0))));
    return crc32(texts.join(':'));
  }

  setBook(market: number, bids: Quote[], asks: Quote[]): void {
    this.bids.set(market, bids);
    this.asks.set(market, asks);
    this.sequences.set(market, (this.sequences.get(market) ?? 0) + 1);
  }

  /** A change of the best bid's quantity, as a delta. */
  change(market: number, quantityMilli: number, step = 1): void {
    const bids = this.bids.get(market) ?? [];
    bids[0] = [bids[0][0], quantityMilli];
    this.sequences.set(market, (this.sequences.get(market) ?? 0) + step);
    this.book(market, 0, [bids[0]], []);
    this.ring.endFrame();
  }

  bbo(market: number): void {
    const slot = this.claim(RecordType.bbo, 1, market, 0);
    const fields = { [bbo.at.bidPriceMilli]: 100_000, [bbo.at.bidPriceAtto]: 0, [bbo.at.bidQuantityMilli]: 2000 };
    this.put(slot, { ...fields, [bbo.at.receiveTimeNs]: this.clock.nowNs(), [bbo.at.exchangeTimeUs]: START_US });
    this.put(this.claim(RecordType.bboAsk, 0, market, 0), { [bboAsk.at.askPriceMilli]: 0 });
    this.ring.endFrame();
  }

  private barSlots(market: number, index: number, isFinal: boolean): void {
    const head = this.claim(RecordType.bar, isFinal ? 1 : 2, market, 0);
    const startUs = START_US + index * 60_000_000;
    this.put(head, { [bar.at.receiveTimeNs]: this.clock.nowNs(), [bar.at.kind]: ONE_MINUTE });
    this.put(head, {
      [bar.at.startTimeUs]: startUs,
      [bar.at.openTimeUs]: startUs + 1,
      [bar.at.closeTimeUs]: startUs + 2,
    });
    this.put(head, { [bar.at.revision]: 0, [bar.at.trades]: 3 });
    const prices = this.claim(RecordType.barPrices, 0, market, 0);
    const { openMilli, openAtto, highMilli, highAtto, lowMilli, lowAtto } = barPrices.at;
    this.put(prices, {
      [openMilli]: 10_000,
      [openAtto]: 0,
      [highMilli]: 12_000,
      [highAtto]: 0,
      [lowMilli]: 9_000,
      [lowAtto]: 0,
    });
    const volumes = this.claim(RecordType.barVolumes, 0, market, 0);
    this.put(volumes, { [barVolumes.at.closeMilli]: 11_000, [barVolumes.at.closeAtto]: 0 });
    this.put(volumes, {
      [barVolumes.at.volumeTera]: 0,
      [barVolumes.at.volumeMilli]: 3000,
      [barVolumes.at.volumeAtto]: 0,
    });
    const sides = this.claim(RecordType.barSides, 0, market, 0);
    this.put(sides, { [barSides.at.buyTera]: 0, [barSides.at.buyMilli]: 2000, [barSides.at.buyAtto]: 0 });
    this.put(sides, { [barSides.at.sellTera]: 0, [barSides.at.sellMilli]: 1000, [barSides.at.sellAtto]: 0 });
    // Notional 31: thirty-one units of limb 3.
    const notional = this.claim(RecordType.barNotional, 0, market, 0);
    for (let limb = 0; limb < 6; limb++) this.put(notional, { [barNotional.at.limb0 + limb]: limb === 3 ? 31 : 0 });
    const spread = this.claim(RecordType.barSpread, 0, market, 0);
    this.put(spread, { [barSpread.at.spreadHighMilli]: 20, [barSpread.at.spreadHighAtto]: 0 });
    this.put(spread, { [barSpread.at.spreadLowMilli]: 10, [barSpread.at.spreadLowAtto]: 0 });
  }

  bar(market: number, index: number, isFinal: boolean): void {
    this.barSlots(market, index, isFinal);
    this.ring.endFrame();
  }

  private signalSlot(market: number, id: number, value: number, event: number): void {
    const slot = this.claim(RecordType.signal, id, market, event);
    this.put(slot, { [signal.at.receiveTimeNs]: this.clock.nowNs(), [signal.at.exchangeTimeUs]: START_US });
    this.put(slot, { [signal.at.value]: value, [signal.at.inputSequence]: 77 });
    this.ring.u8[slot * SLOT_BYTES + signal.at.isWarm] = 1;
  }

  signal(market: number, id: number, value: number, event = 0): void {
    this.signalSlot(market, id, value, event);
    this.ring.endFrame();
  }

  private statusSlot(market: number, state: number, reason: number): void {
    const slot = this.claim(RecordType.status, 0, market, 0);
    this.put(slot, { [status.at.receiveTimeNs]: this.clock.nowNs(), [status.at.sinceNs]: this.clock.nowNs() });
    this.put(slot, { [status.at.lost]: 4, [status.at.bookSequence]: 9 });
    this.ring.u8[slot * SLOT_BYTES + status.at.state] = state;
    this.ring.u8[slot * SLOT_BYTES + status.at.reason] = reason;
  }

  status(market: number, state: number, reason: number): void {
    this.statusSlot(market, state, reason);
    this.ring.endFrame();
  }

  /** The next trade is the one with this number. */
  tradeNumber(market: number, number: number): void {
    const slot = this.claim(RecordType.tradeNumber, 0, market, 0);
    this.put(slot, { [tradeNumber.at.number]: number });
    this.ring.endFrame();
  }

  gap(market: number): void {
    const slot = this.claim(RecordType.gap, 0, market, 5);
    this.put(slot, { [outputGap.at.receiveTimeNs]: this.clock.nowNs(), [outputGap.at.bookSequence]: 0 });
    this.ring.endFrame();
  }

  /** Closes the batch and shows it. */
  commit(): void {
    const slot = this.claim(RecordType.stamp, 0, 0, 1);
    const nowNs = this.clock.nowNs();
    this.put(slot, { [outputStamp.at.receiveTimeNs]: nowNs - 1000, [outputStamp.at.appliedTimeNs]: nowNs - 500 });
    this.ring.endFrame();
    this.ring.commit();
  }

  /** Answers what was asked so far. */
  serve(): void {
    const count = this.commands.available();
    for (let i = 0; i < count; i++) {
      const slot = this.commands.slotAt(i);
      this.requests++;
      if (this.isSilent) continue;
      const market = this.commands.u32[slot * SLOT_U32] >>> 16;
      const field = (at: number): number => this.commands.f64[slot * SLOT_F64 + at];
      this.reply(market, field(request.at.requestId), field(request.at.kind), field(request.at.limit));
    }
    this.commands.release(count);
    if (count > 0) this.commit();
  }

  private reply(market: number, id: number, kind: number, limit: number): void {
    const counts: Record<number, number> = { [RequestKind.bars]: Math.min(2, limit), [RequestKind.trades]: 2 };
    const head = this.claim(RecordType.answer, 0, market, counts[kind] ?? 1);
    this.put(head, { [answer.at.requestId]: id, [answer.at.kind]: kind });
    const bids = this.bids.get(market) ?? [];
    const asks = this.asks.get(market) ?? [];
    const cut = (quotes: Quote[]): Quote[] => (limit === 0 ? quotes : quotes.slice(0, limit));
    if (kind === RequestKind.book) this.book(market, 1, cut(bids), cut(asks));
    else if (kind === RequestKind.bars) {
      if (limit > 1) this.barSlots(market, 0, true);
      this.barSlots(market, 1, false);
    } else if (kind === RequestKind.signals) this.signalSlot(market, IMBALANCE, 0.25, 0);
    else if (kind === RequestKind.status) this.statusSlot(market, BookState.live, 0);
    else {
      // trade() ends its frame; inside an answer a frame that ends early is harmless to this reader: all is committed at once.
      this.trade(market, 1, 100_000);
      this.trade(market, 'text-id', 100_001);
    }
    this.ring.endFrame();
  }
}

export class Rig {
  readonly memory: EngineMemory;
  readonly publisher: Publisher;
  readonly shards: FakeShard[];
  private readonly timer: NodeJS.Timeout;
  private readonly sockets: TestSocket[] = [];

  private constructor(memory: EngineMemory, publisher: Publisher, shards: FakeShard[]) {
    this.memory = memory;
    this.publisher = publisher;
    this.shards = shards;
    this.timer = setInterval(() => {
      for (const shard of shards) shard.serve();
    }, 1);
  }

  static async start(options: Partial<PublisherOptions> = {}, shardCount = 2): Promise<Rig> {
    const memory = createEngineMemory({ shards: shardCount, marketsMax: 64, inputSlots: 64, outputSlots: 65_536 });
    const clock = new EngineClock(memory.anchor);
    const publisher = await startPublisher({
      memory,
      clock,
      host: '127.0.0.1',
      port: 0,
      access: plainAccess('127.0.0.1', null),
      plans: marketPlansOf(),
      health: () => ({ status: 'ok', reasons: [] }),
      ready: () => true,
      faults: () => ({ signalsOff: [], shardRestarts: 0, checksumMismatches: [] }),
      connections: () => [{ id: 1 }],
      log: () => undefined,
      ...options,
    });
    const shards = memory.shards.map((_, shard) => new FakeShard(memory, shard, clock));
    return new Rig(memory, publisher, shards);
  }

  /** Names a market as the ingress thread would; returns its id. */
  addMarket(name: string): number {
    const words = new Int32Array(this.memory.words);
    const rows = new Uint8Array(this.memory.marketRows);
    const market = words[engineWords.at.marketCount];
    const bytes = new TextEncoder().encode(name);
    const at = market * marketRow.sizeBytes;
    rows[at + marketRow.at.nameBytes] = bytes.length;
    rows[at + marketRow.at.venueBytes] = new TextEncoder().encode(name.slice(0, name.indexOf(':'))).length;
    rows.set(bytes, at + marketRow.at.name);
    Atomics.store(words, engineWords.at.marketCount, market + 1);
    return market;
  }

  shard(market: number): FakeShard {
    return this.shards[shardOf(market, this.shards.length)];
  }

  interest(market: number): number {
    return Atomics.load(new Int32Array(this.memory.interest), market);
  }

  /** Waits until a market's shard would emit a kind. */
  async interested(market: number, bit: number = Interest.book): Promise<void> {
    await until(() => (this.interest(market) & bit) !== 0);
  }

  get url(): string {
    return `127.0.0.1:${this.publisher.port}`;
  }

  async open(query = '', protocols: string[] = [], perMessageDeflate = false): Promise<TestSocket> {
    const socket = new TestSocket(`ws://${this.url}/stream${query}`, protocols, perMessageDeflate);
    this.sockets.push(socket);
    await socket.opened;
    return socket;
  }

  /** Shards that answer do so in time, unless this whole process stood still meanwhile: asked again then. */
  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    for (;;) {
      const response = await fetch(`http://${this.url}${path}`, { headers });
      const isLate = response.status === 503 && (await response.clone().text()).includes('"timeout"');
      if (!isLate || this.shards.some(({ isSilent }) => isSilent)) return response;
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    for (const socket of this.sockets) socket.ws.terminate();
    await Promise.all(this.sockets.map((socket) => socket.closed));
    this.publisher.close();
  }
}

export type Json = Record<string, unknown>;

export class TestSocket {
  readonly ws: WebSocket;
  readonly opened: Promise<void>;
  readonly closed: Promise<number>;
  readonly received: (Json | Buffer)[] = [];

  constructor(url: string, protocols: string[], perMessageDeflate = false) {
    this.ws = new WebSocket(url, protocols, { perMessageDeflate });
    this.closed = new Promise((resolve) => this.ws.once('close', resolve));
    this.opened = new Promise((resolve, reject) => {
      this.ws.once('open', resolve);
      this.ws.once('error', reject);
    });
    this.ws.on('error', () => undefined);
    this.ws.on('message', (data: Buffer, isBinary: boolean) => {
      this.received.push(isBinary ? data : (JSON.parse(data.toString()) as Json));
    });
  }

  send(message: object): void {
    this.ws.send(JSON.stringify(message));
  }

  /** The first message not taken yet that fits, waiting for it. */
  async next(fits: (message: Json) => boolean = () => true): Promise<Json> {
    let found = -1;
    await until(() => {
      found = this.received.findIndex((message) => !Buffer.isBuffer(message) && fits(message));
      return found >= 0;
    });
    return this.received.splice(found, 1)[0] as Json;
  }

  async binary(): Promise<Buffer> {
    let found = -1;
    await until(() => {
      found = this.received.findIndex((message) => Buffer.isBuffer(message));
      return found >= 0;
    });
    return this.received.splice(found, 1)[0] as Buffer;
  }

  async subscribe(...args: unknown[]): Promise<Json> {
    this.send({ op: 'subscribe', id: 1, args });
    return this.next((message) => message['op'] === 'subscribed');
  }
}

/** Far beyond what anything takes: a failing test ends, a slow machine does not fail. */
const DEADLINE_MS = 120_000;

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error('until: expected the condition to hold in time, did not');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** A market that begins with one bid and one ask. */
export function seed(rig: Rig, name: string): number {
  const market = rig.addMarket(name);
  rig.shard(market).setBook(market, [[100_000, 1000]], [[101_500, 3000]]);
  return market;
}
