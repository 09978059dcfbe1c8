// Messages as JSON text, field order as in INTERFACES. Hot path: once per message and encoding, whoever listens.

import { SIDE_NAMES } from '../../schemas/ids.ts';
import { formatDecimal } from '../base/decimal.ts';
import {
  type Address,
  type BookChangeMessage,
  type BookSnapshotMessage,
  type BookTickerMessage,
  type LatencyMessage,
  LEVEL_NUMBERS,
  type Levels,
  type StreamMessage,
  type TradeBarMessage,
} from './messages.ts';
import { isoJson } from './time-text.ts';

/**
 * How decimals are written: `"` puts them in strings, nothing leaves them bare (`numbers=float`). Bare ones are still
 * the exact digits; it is the reader's float that rounds.
 */
export type NumberQuote = '"' | '';

function decimal(milli: number, atto: number, quote: NumberQuote): string {
  return quote + formatDecimal(milli, atto) + quote;
}

const SPACE = 0x20;
const TILDE = 0x7e;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** True where a text stands in JSON as it is: ids are digits nearly always, and looking is cheaper than stringify. */
function isPlain(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < SPACE || code > TILDE || code === QUOTE || code === BACKSLASH) return false;
  }
  return true;
}

function text(value: string | null): string {
  if (value === null) return 'null';
  return isPlain(value) ? `"${value}"` : JSON.stringify(value);
}

/** Decimal text that is already canonical. */
function digits(value: string | null, quote: NumberQuote): string {
  return value === null ? 'null' : quote + value + quote;
}

function number(value: number | null): string {
  return value === null || !Number.isFinite(value) ? 'null' : String(value);
}

/** `[{price, amount}…]` */
export function levelsJson(levels: Levels, quote: NumberQuote): string {
  let out = '[';
  for (let at = 0; at < levels.length; at += LEVEL_NUMBERS) {
    const price = decimal(levels[at], levels[at + 1], quote);
    out += `${at === 0 ? '' : ','}{"price":${price},"amount":${decimal(levels[at + 2], levels[at + 3], quote)}}`;
  }
  return `${out}]`;
}

/** `{bid, ask}`: the price down to which each side is known, null where it is known whole; null where both are. */
export function horizonJson(bid: Levels | null, ask: Levels | null, quote: NumberQuote): string {
  if (bid === null && ask === null) return 'null';
  const side = (level: Levels | null): string => (level === null ? 'null' : decimal(level[0], level[1], quote));
  return `{"bid":${side(bid)},"ask":${side(ask)}}`;
}

function tickerJson(message: BookTickerMessage, quote: NumberQuote): string {
  const { bid, ask } = message;
  const side = (name: string, level: Levels): string =>
    level.length === 0
      ? `"${name}Price":null,"${name}Amount":null`
      : `"${name}Price":${decimal(level[0], level[1], quote)},"${name}Amount":${decimal(level[2], level[3], quote)}`;
  return `${side('bid', bid)},${side('ask', ask)},"state":"${message.state}","reason":${text(message.reason)}`;
}

function changeJson(message: BookChangeMessage, quote: NumberQuote): string {
  const checksum = message.checksum === null ? '' : `,"checksum":${message.checksum}`;
  const parts = message.parts > 1 ? `,"part":${message.part},"parts":${message.parts}` : '';
  const refused = message.isResumeRefused ? ',"resumed":false' : '';
  const { horizonBid, horizonAsk } = message;
  const horizon = message.isSnapshot ? `,"horizon":${horizonJson(horizonBid, horizonAsk, quote)}` : '';
  return (
    `"isSnapshot":${message.isSnapshot},"bids":${levelsJson(message.bids, quote)},"asks":${levelsJson(message.asks, quote)}` +
    `,"state":"${message.state}","reason":${text(message.reason)}${checksum}${horizon}${parts}${refused}`
  );
}

function snapshotJson(message: BookSnapshotMessage, quote: NumberQuote): string {
  const { horizonBid, horizonAsk } = message;
  return (
    `"name":"${message.name}","depth":${message.depth},"interval":${message.intervalMs}` +
    `,"bids":${levelsJson(message.bids, quote)},"asks":${levelsJson(message.asks, quote)}` +
    `,"spread":${digits(message.spread, quote)},"mid":${digits(message.mid, quote)}` +
    `,"microprice":${digits(message.microprice, quote)},"imbalance":${number(message.imbalance)}` +
    `,"weightedMid":${digits(message.weightedMid, quote)},"bidDepth":${digits(message.bidDepth, quote)}` +
    `,"askDepth":${digits(message.askDepth, quote)},"pressure":${number(message.pressure)}` +
    `,"horizon":${horizonJson(horizonBid, horizonAsk, quote)}` +
    `,"state":"${message.state}","reason":${text(message.reason)},"bookSeq":${message.bookSequence}`
  );
}

function barJson(bar: TradeBarMessage, quote: NumberQuote): string {
  const { prices } = bar;
  const price = (index: number): string =>
    prices === null ? 'null' : decimal(prices[2 * index], prices[2 * index + 1], quote);
  return (
    `"name":${text(bar.name)},"kind":"${bar.kind}","interval":${bar.interval},"startTimestamp":${isoJson(bar.startUs)}` +
    `,"openTimestamp":${isoJson(bar.openUs)},"closeTimestamp":${isoJson(bar.closeUs)}` +
    `,"timestamp":${isoJson(bar.timestampUs)},"localTimestamp":${isoJson(bar.localTimestampUs)}` +
    `,"open":${price(0)},"high":${price(1)},"low":${price(2)},"close":${price(3)}` +
    `,"volume":${digits(bar.volume, quote)},"buyVolume":${digits(bar.buyVolume, quote)}` +
    `,"sellVolume":${digits(bar.sellVolume, quote)},"trades":${bar.trades},"vwap":${digits(bar.vwap, quote)}` +
    `,"notional":${digits(bar.notional, quote)},"revision":${bar.revision}` +
    `,"completeness":"${bar.completeness}","isFinal":${bar.isFinal}` +
    `,"delta":${digits(bar.delta, quote)},"spreadHigh":${digits(bar.spreadHigh, quote)}` +
    `,"spreadLow":${digits(bar.spreadLow, quote)},"state":"${bar.state}"`
  );
}

function latencyJson({ stages, recent, heat, pauses }: LatencyMessage): string {
  return JSON.stringify({ stages, recent, heat, pauses }).slice(1, -1);
}

/** Fields of one message between the market and the timestamps; a bar has its timestamps inside. */
function fieldsJson(message: StreamMessage, quote: NumberQuote): string {
  switch (message.type) {
    case 'trade': {
      const matches = message.matches > 1 ? `,"matches":${message.matches}` : '';
      const outlier = message.isOutlier ? ',"isOutlier":true' : '';
      return (
        `"id":${text(message.id)},"price":${decimal(message.priceMilli, message.priceAtto, quote)}` +
        `,"amount":${decimal(message.quantityMilli, message.quantityAtto, quote)}` +
        `,"side":"${SIDE_NAMES[message.side]}"${matches}${outlier}`
      );
    }
    case 'book_ticker':
      return tickerJson(message, quote);
    case 'book_change':
      return changeJson(message, quote);
    case 'book_snapshot':
      return snapshotJson(message, quote);
    case 'trade_bar':
      return barJson(message, quote);
    case 'signal': {
      const event = message.event === null ? '' : `,"event":"${message.event}"`;
      const value = number(message.value);
      const values = message.values === null ? '' : `,"values":${JSON.stringify(message.values)}`;
      return `"name":"${message.name}","value":${value}${values}${event},"isWarm":${message.isWarm},"inputSeq":${message.inputSeq}`;
    }
    case 'status': {
      const since = isoJson(message.sinceUs);
      return `"state":"${message.state}","reason":${text(message.reason)},"since":${since},"lost":${message.lost}`;
    }
    case 'gap':
      return `"reason":"${message.reason}","lost":${message.lost}`;
    case 'system':
      return JSON.stringify(message.counters).slice(1, -1);
    case 'latency':
      return latencyJson(message);
    case 'markets':
      return `"markets":${JSON.stringify(message.rows)}`;
  }
}

function openJson(message: StreamMessage, jsonMarket: string, quote: NumberQuote): string {
  const head = `{"type":"${message.type}",${jsonMarket}${fieldsJson(message, quote)}`;
  if (message.type === 'trade_bar') return head;
  return `${head},"timestamp":${isoJson(message.timestampUs)},"localTimestamp":${isoJson(message.localTimestampUs)}`;
}

/** A message of the stream, with its place in the channel at the end. */
export function streamJson(
  message: StreamMessage,
  address: Address,
  seq: number,
  prevSeq: number | null,
  quote: NumberQuote,
): string {
  const body = openJson(message, address.jsonMarket, quote);
  return `${body},${address.jsonChannel},"seq":${seq},"prevSeq":${prevSeq === null ? 'null' : prevSeq}}`;
}

/** The same message as an item of an HTTP answer, without a place in a channel. */
export function itemJson(message: StreamMessage, jsonMarket: string): string {
  return `${openJson(message, jsonMarket, '"')}}`;
}
