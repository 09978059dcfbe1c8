// What subscribers may name: `trade.MARKET`, `depth.20.100ms.MARKET`, `book.*`, `book.binance:*`, `system`.

import { Interest, SIGNAL_NAMES } from '../../schemas/ids.ts';

export type BarKind = { readonly name: string; readonly intervalMs: number };

export type ChannelKind =
  | 'trade'
  | 'bbo'
  | 'book'
  | 'depth'
  | 'bar'
  | 'signal'
  | 'status'
  | 'system'
  | 'latency'
  | 'markets';

/** A channel without its market. */
export type Channel = {
  readonly kind: ChannelKind;
  /** The fixed words with their last point, such as `depth.20.100ms.`; the whole name where there is no market. */
  readonly words: string;
  readonly hasMarket: boolean;
  /** Interest bit the shard needs; 0 for none. */
  readonly interest: number;
  /** Levels of a depth channel, SignalId of a signal channel. */
  readonly number: number;
  /** Interval of a depth or bar channel. */
  readonly intervalMs: number;
  /** INTERVAL, KIND or NAME as written. */
  readonly name: string;
};

export type ChannelError = { readonly category: 'shape' | 'range' | 'unknown-market'; readonly message: string };
export type ParsedChannel = { readonly channel: Channel; readonly market: string } | ChannelError;

/** Levels a side of a depth channel: more than this is what `book` is for. */
export const DEPTH_LEVELS_MAX = 1_000;
/** A depth channel costs a request of its shard per interval, and the shards answer in steps of milliseconds. */
export const DEPTH_INTERVAL_MS_MIN = 10;
export const DEPTH_INTERVAL_MS_MAX = 3_600_000;
/** The longest channel text: fixed words and a market's 126 bytes, with room. */
const CHANNEL_LENGTH_MAX = 256;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const PLAIN: Readonly<Record<string, number>> = {
  trade: Interest.trade,
  bbo: Interest.bbo,
  book: Interest.book,
  status: Interest.status,
};
const GLOBAL = ['system', 'latency', 'markets'];

function range(message: string): ChannelError {
  return { category: 'range', message };
}

function shape(text: string): ChannelError {
  const known =
    'trade, bbo, book, depth.N.INTERVAL, bar.KIND, signal.NAME or status and a market, or system or latency';
  return { category: 'shape', message: `expected ${known}, was ${JSON.stringify(text.slice(0, 80))}` };
}

function marketChannel(kind: ChannelKind, words: string, interest: number, rest: Partial<Channel> = {}): Channel {
  return { kind, words, hasMarket: true, interest, number: 0, intervalMs: 0, name: '', ...rest };
}

/** Milliseconds of `100ms`, `1s`, `1m`; 0 where it is no interval. */
function intervalOf(text: string): number {
  const match = /^([1-9]\d{0,6})(ms|s|m)$/.exec(text);
  return match === null ? 0 : Number(match[1]) * UNIT_MS[match[2]];
}

function parseDepth(text: string): ParsedChannel {
  const match = /^depth\.([^.]*)\.([^.]*)\.(.+)$/s.exec(text);
  if (match === null) return shape(text);
  const levels = /^[1-9]\d{0,4}$/.test(match[1]) ? Number(match[1]) : 0;
  if (levels === 0 || levels > DEPTH_LEVELS_MAX) {
    return range(`depth: expected 1 to ${DEPTH_LEVELS_MAX} levels, was ${JSON.stringify(match[1])}`);
  }
  const intervalMs = intervalOf(match[2]);
  if (intervalMs < DEPTH_INTERVAL_MS_MIN || intervalMs > DEPTH_INTERVAL_MS_MAX) {
    return range(`depth: expected an interval of 10ms to 60m, was ${JSON.stringify(match[2])}`);
  }
  const words = `depth.${levels}.${match[2]}.`;
  const channel = marketChannel('depth', words, 0, { number: levels, intervalMs, name: words.slice(0, -1) });
  return { channel, market: match[3] };
}

function parseNamed(text: string, bars: readonly BarKind[]): ParsedChannel {
  const match = /^(bar|signal)\.([^.]*)\.(.+)$/s.exec(text);
  if (match === null) return shape(text);
  const [, kind, name, market] = match;
  if (kind === 'bar') {
    const bar = bars.find((each) => each.name === name);
    const all = bars.map((each) => each.name).join(', ');
    if (bar === undefined) return range(`bar: expected one of ${all}, was ${JSON.stringify(name)}`);
    return {
      channel: marketChannel('bar', `bar.${name}.`, Interest.bar, { intervalMs: bar.intervalMs, name }),
      market,
    };
  }
  const number = (SIGNAL_NAMES as readonly string[]).indexOf(name);
  if (number < 0) return range(`signal: expected one of ${SIGNAL_NAMES.join(', ')}, was ${JSON.stringify(name)}`);
  return { channel: marketChannel('signal', `signal.${name}.`, Interest.signal, { number, name }), market };
}

/** Reads one channel text; MARKET is all that follows the fixed words, and is not looked up here. */
export function parseChannel(text: string, bars: readonly BarKind[]): ParsedChannel {
  if (text.length > CHANNEL_LENGTH_MAX) return shape(text);
  if (GLOBAL.includes(text)) {
    const kind = text as ChannelKind;
    return { channel: { ...marketChannel(kind, text, 0), hasMarket: false }, market: '' };
  }
  const point = text.indexOf('.');
  const word = point < 0 ? '' : text.slice(0, point);
  if (word === 'depth') return parseDepth(text);
  if (word === 'bar' || word === 'signal') return parseNamed(text, bars);
  if (!Object.hasOwn(PLAIN, word) || point === text.length - 1) return shape(text);
  const kind = word as ChannelKind;
  return { channel: marketChannel(kind, `${word}.`, PLAIN[word]), market: text.slice(point + 1) };
}

/** The venue of a wildcard: empty for `*` (every venue), `binance` for `binance:*`; null for a market's own name. */
export function wildcardVenue(market: string): string | null {
  if (market === '*') return '';
  return market.endsWith(':*') ? market.slice(0, -2) : null;
}
