// Messages as FlatBuffers of schemas/stream.fbs. One builder for all: main encodes one message at a time.

import { Builder, type Offset } from 'flatbuffers';
import type { StageLatency as StageFigures } from '../../schemas/feed.ts';
import {
  Body,
  BookChange,
  BookSnapshot,
  BookTicker,
  Decimal,
  Gap,
  Latency,
  MarketRow,
  Markets,
  Message,
  PriceLevel,
  Signal,
  StageHeat,
  StageLatency,
  Status,
  System,
  Text,
  Trade,
  TradeBar,
  Value,
} from '../../schemas/generated/stream.ts';
import {
  type Address,
  type BookChangeMessage,
  type BookSnapshotMessage,
  type BookTickerMessage,
  type LatencyMessage,
  LEVEL_NUMBERS,
  type Levels,
  type MarketsMessage,
  type SignalMessage,
  type StatusMessage,
  type StreamMessage,
  type SystemMessage,
  type TradeBarMessage,
  type TradeMessage,
} from './messages.ts';

const START_BYTES = 4096;
const builder = new Builder(START_BYTES);

function orNaN(value: number | null): number {
  return value === null ? Number.NaN : value;
}

function levelAt(levels: Levels, at: number): Offset {
  return PriceLevel.createPriceLevel(builder, levels[at], levels[at + 1], levels[at + 2], levels[at + 3]);
}

/** Structs are written last first. */
function levelVector(levels: Levels, start: (builder: Builder, count: number) => void): Offset {
  start(builder, levels.length / LEVEL_NUMBERS);
  for (let at = levels.length - LEVEL_NUMBERS; at >= 0; at -= LEVEL_NUMBERS) levelAt(levels, at);
  return builder.endVector();
}

function writeTrade(trade: TradeMessage): Offset {
  const id = builder.createString(trade.id);
  Trade.startTrade(builder);
  Trade.addId(builder, id);
  Trade.addPrice(builder, Decimal.createDecimal(builder, trade.priceMilli, trade.priceAtto));
  Trade.addAmount(builder, Decimal.createDecimal(builder, trade.quantityMilli, trade.quantityAtto));
  Trade.addSide(builder, trade.side);
  Trade.addMatches(builder, trade.matches);
  Trade.addIsOutlier(builder, trade.isOutlier);
  return Trade.endTrade(builder);
}

function writeTicker(message: BookTickerMessage): Offset {
  const state = builder.createString(message.state);
  const reason = builder.createString(message.reason);
  BookTicker.startBookTicker(builder);
  if (message.bid.length > 0) BookTicker.addBid(builder, levelAt(message.bid, 0));
  if (message.ask.length > 0) BookTicker.addAsk(builder, levelAt(message.ask, 0));
  BookTicker.addState(builder, state);
  BookTicker.addReason(builder, reason);
  return BookTicker.endBookTicker(builder);
}

function writeChange(message: BookChangeMessage): Offset {
  const bids = levelVector(message.bids, BookChange.startBidsVector);
  const asks = levelVector(message.asks, BookChange.startAsksVector);
  const state = builder.createString(message.state);
  const reason = builder.createString(message.reason);
  BookChange.startBookChange(builder);
  BookChange.addIsSnapshot(builder, message.isSnapshot);
  BookChange.addBids(builder, bids);
  BookChange.addAsks(builder, asks);
  BookChange.addState(builder, state);
  BookChange.addReason(builder, reason);
  BookChange.addPart(builder, message.part);
  BookChange.addParts(builder, message.parts);
  BookChange.addIsResumeRefused(builder, message.isResumeRefused);
  if (message.checksum !== null) BookChange.addChecksum(builder, message.checksum);
  if (message.horizonBid !== null) BookChange.addHorizonBid(builder, priceOf(message.horizonBid));
  if (message.horizonAsk !== null) BookChange.addHorizonAsk(builder, priceOf(message.horizonAsk));
  return BookChange.endBookChange(builder);
}

/** The price of one level, as a struct. */
function priceOf(level: Levels): Offset {
  return Decimal.createDecimal(builder, level[0], level[1]);
}

function writeSnapshot(message: BookSnapshotMessage): Offset {
  const bids = levelVector(message.bids, BookSnapshot.startBidsVector);
  const asks = levelVector(message.asks, BookSnapshot.startAsksVector);
  const state = builder.createString(message.state);
  const reason = builder.createString(message.reason);
  const [spread, mid, microprice, weightedMid, bidDepth, askDepth] = [
    message.spread,
    message.mid,
    message.microprice,
    message.weightedMid,
    message.bidDepth,
    message.askDepth,
  ].map((text) => builder.createString(text));
  BookSnapshot.startBookSnapshot(builder);
  BookSnapshot.addDepth(builder, message.depth);
  BookSnapshot.addIntervalMs(builder, message.intervalMs);
  BookSnapshot.addBids(builder, bids);
  BookSnapshot.addAsks(builder, asks);
  BookSnapshot.addState(builder, state);
  BookSnapshot.addReason(builder, reason);
  BookSnapshot.addBookSeq(builder, message.bookSequence);
  BookSnapshot.addSpread(builder, spread);
  BookSnapshot.addMid(builder, mid);
  BookSnapshot.addMicroprice(builder, microprice);
  BookSnapshot.addImbalance(builder, orNaN(message.imbalance));
  BookSnapshot.addWeightedMid(builder, weightedMid);
  BookSnapshot.addBidDepth(builder, bidDepth);
  BookSnapshot.addAskDepth(builder, askDepth);
  BookSnapshot.addPressure(builder, orNaN(message.pressure));
  if (message.horizonBid !== null) BookSnapshot.addHorizonBid(builder, priceOf(message.horizonBid));
  if (message.horizonAsk !== null) BookSnapshot.addHorizonAsk(builder, priceOf(message.horizonAsk));
  return BookSnapshot.endBookSnapshot(builder);
}

function writeBar(bar: TradeBarMessage): Offset {
  const name = builder.createString(bar.name);
  const kind = builder.createString(bar.kind);
  const volume = builder.createString(bar.volume);
  const buyVolume = builder.createString(bar.buyVolume);
  const sellVolume = builder.createString(bar.sellVolume);
  const vwap = builder.createString(bar.vwap);
  const notional = builder.createString(bar.notional);
  const completeness = builder.createString(bar.completeness);
  const delta = builder.createString(bar.delta);
  const spreadHigh = builder.createString(bar.spreadHigh);
  const spreadLow = builder.createString(bar.spreadLow);
  const state = builder.createString(bar.state);
  const { prices } = bar;
  TradeBar.startTradeBar(builder);
  TradeBar.addName(builder, name);
  TradeBar.addKind(builder, kind);
  TradeBar.addInterval(builder, bar.interval);
  TradeBar.addStartUs(builder, bar.startUs);
  TradeBar.addOpenUs(builder, bar.openUs);
  TradeBar.addCloseUs(builder, bar.closeUs);
  if (prices !== null) {
    TradeBar.addOpen(builder, Decimal.createDecimal(builder, prices[0], prices[1]));
    TradeBar.addHigh(builder, Decimal.createDecimal(builder, prices[2], prices[3]));
    TradeBar.addLow(builder, Decimal.createDecimal(builder, prices[4], prices[5]));
    TradeBar.addClose(builder, Decimal.createDecimal(builder, prices[6], prices[7]));
  }
  TradeBar.addVolume(builder, volume);
  TradeBar.addBuyVolume(builder, buyVolume);
  TradeBar.addSellVolume(builder, sellVolume);
  TradeBar.addTrades(builder, bar.trades);
  TradeBar.addVwap(builder, vwap);
  TradeBar.addNotional(builder, notional);
  TradeBar.addRevision(builder, bar.revision);
  TradeBar.addCompleteness(builder, completeness);
  TradeBar.addIsFinal(builder, bar.isFinal);
  TradeBar.addDelta(builder, delta);
  TradeBar.addSpreadHigh(builder, spreadHigh);
  TradeBar.addSpreadLow(builder, spreadLow);
  TradeBar.addState(builder, state);
  return TradeBar.endTradeBar(builder);
}

function writeSignal(signal: SignalMessage): Offset {
  const name = builder.createString(signal.name);
  const event = builder.createString(signal.event);
  const values = writeValues(signal.values);
  return Signal.createSignal(builder, name, orNaN(signal.value), event, signal.isWarm, signal.inputSeq, values);
}

/** Offset 0 is an absent vector. */
function writeValues(values: Readonly<Record<string, number | null>> | null): Offset {
  if (values === null) return 0;
  const offsets = Object.entries(values).map(([name, value]) =>
    Value.createValue(builder, builder.createString(name), orNaN(value)),
  );
  return Signal.createValuesVector(builder, offsets);
}

function writeStatus(status: StatusMessage): Offset {
  const state = builder.createString(status.state);
  return Status.createStatus(builder, state, builder.createString(status.reason), status.sinceUs, status.lost);
}

type Collected = { readonly values: Offset[]; readonly texts: Offset[] };

/** Names are those of the JSON form, joined with dots, and an item of a list has its number. */
function collect(tree: object, prefix: string, into: Collected): Collected {
  for (const [key, value] of Object.entries(tree) as [string, unknown][]) {
    const name = prefix + key;
    if (typeof value === 'number') into.values.push(Value.createValue(builder, builder.createString(name), value));
    else if (typeof value === 'string') {
      const text = builder.createString(value);
      into.texts.push(Text.createText(builder, builder.createString(name), text));
    } else if (typeof value === 'object' && value !== null) collect(value, `${name}.`, into);
  }
  return into;
}

function writeSystem({ counters }: SystemMessage): Offset {
  const { values, texts } = collect(counters, '', { values: [], texts: [] });
  const listed = System.createValuesVector(builder, values);
  return System.createSystem(builder, listed, System.createTextsVector(builder, texts));
}

function writeStages(stages: Readonly<Record<string, StageFigures>>): Offset[] {
  return Object.entries(stages).map(([stage, { count, min, mean, p50, p90, p99, p999, max }]) => {
    const name = builder.createString(stage);
    const [low, middle, high] = [orNaN(min), orNaN(mean), orNaN(max)];
    const percentiles = [p50, p90, p99, p999].map(orNaN) as [number, number, number, number];
    return StageLatency.createStageLatency(builder, name, count, low, middle, ...percentiles, high);
  });
}

function writeHeat(heat: LatencyMessage['heat']): Offset[] {
  return Object.entries(heat).map(([stage, buckets]) => {
    const name = builder.createString(stage);
    const [from, counts] = [buckets.map(([ns]) => ns), buckets.map(([, count]) => count)];
    const fromOffset = StageHeat.createFromNsVector(builder, from);
    return StageHeat.createStageHeat(builder, name, fromOffset, StageHeat.createCountsVector(builder, counts));
  });
}

function writeLatency(message: LatencyMessage): Offset {
  const stages = Latency.createStagesVector(builder, writeStages(message.stages));
  const recent = Latency.createRecentVector(builder, writeStages(message.recent));
  const heat = Latency.createHeatVector(builder, writeHeat(message.heat));
  const pauses = Latency.createPausesVector(builder, writeStages(message.pauses));
  return Latency.createLatency(builder, stages, recent, heat, pauses);
}

function writeMarkets(message: MarketsMessage): Offset {
  const rows = message.rows.map((row) => {
    const market = builder.createString(row.market);
    const state = builder.createString(row.state);
    const reason = builder.createString(row.reason);
    const bid = builder.createString(row.bid);
    const ask = builder.createString(row.ask);
    const last = builder.createString(row.last);
    const age = orNaN(row.ageMs);
    return MarketRow.createMarketRow(builder, market, state, reason, row.seq, row.updates, bid, ask, last, age);
  });
  return Markets.createMarkets(builder, Markets.createRowsVector(builder, rows));
}

function writeBody(message: StreamMessage): { type: Body; body: Offset } {
  switch (message.type) {
    case 'trade':
      return { type: Body.Trade, body: writeTrade(message) };
    case 'book_ticker':
      return { type: Body.BookTicker, body: writeTicker(message) };
    case 'book_change':
      return { type: Body.BookChange, body: writeChange(message) };
    case 'book_snapshot':
      return { type: Body.BookSnapshot, body: writeSnapshot(message) };
    case 'trade_bar':
      return { type: Body.TradeBar, body: writeBar(message) };
    case 'signal':
      return { type: Body.Signal, body: writeSignal(message) };
    case 'status':
      return { type: Body.Status, body: writeStatus(message) };
    case 'gap':
      return { type: Body.Gap, body: Gap.createGap(builder, builder.createString(message.reason), message.lost) };
    case 'system':
      return { type: Body.System, body: writeSystem(message) };
    case 'latency':
      return { type: Body.Latency, body: writeLatency(message) };
    case 'markets':
      return { type: Body.Markets, body: writeMarkets(message) };
  }
}

type AddressBytes = { readonly channel: Uint8Array; readonly exchange: Uint8Array; readonly symbol: Uint8Array };
const encoder = new TextEncoder();
/** UTF-8 of addresses: encoding them anew would be half the cost of a message. */
const addresses = new WeakMap<Address, AddressBytes>();

function bytesOf(address: Address): AddressBytes {
  let bytes = addresses.get(address);
  if (bytes === undefined) {
    const { channel, exchange, symbol } = address;
    const encode = (text: string): Uint8Array => encoder.encode(text);
    bytes = { channel: encode(channel), exchange: encode(exchange), symbol: encode(symbol) };
    addresses.set(address, bytes);
  }
  return bytes;
}

/** The bytes of one message, in memory of their own. */
export function streamFlatbuffer(
  message: StreamMessage,
  address: Address,
  seq: number,
  prevSeq: number | null,
): Uint8Array {
  builder.clear();
  const { type, body } = writeBody(message);
  const bytes = bytesOf(address);
  const channel = builder.createString(bytes.channel);
  const exchange = builder.createString(bytes.exchange);
  const symbol = builder.createString(bytes.symbol);
  const { timestampUs, localTimestampUs } = message;
  const previous = prevSeq === null ? -1 : prevSeq;
  const root = Message.createMessage(
    builder,
    channel,
    exchange,
    symbol,
    seq,
    previous,
    timestampUs,
    localTimestampUs,
    type,
    body,
  );
  Message.finishMessageBuffer(builder, root);
  return builder.asUint8Array().slice();
}
