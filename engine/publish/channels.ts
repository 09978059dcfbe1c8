// What subscribers may name: `trade.MARKET`, `depth.20.100ms.MARKET`, `book.*`, `book.binance:*`, `system`.

import { Interest } from '../../schemas/ids.ts';

/** Names of the engine's bar kinds and signals, in the order of their numbers. */
export type Named = { readonly bars: readonly string[]; readonly signals: readonly string[] };

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
  /** Levels of a depth channel, number of a bar kind or signal. */
  readonly number: number;
  /** Interval of a depth channel. */
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
/** Kinds whose messages each count: a later one does not make up for those before it, as the newest book or state does. */
const OF_EVENTS: readonly ChannelKind[] = ['trade', 'bar', 'signal'];

export const isOfEvents = ({ kind }: Channel): boolean => OF_EVENTS.includes(kind);

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
export function intervalOf(text: string): number {
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

/** A name may hold points (`0.5v`), so the longest known one that the text begins with is taken. */
function parseNamed(text: string, kind: 'bar' | 'signal', names: readonly string[]): ParsedChannel {
  const rest = text.slice(kind.length + 1);
  let number = -1;
  for (let i = 0; i < names.length; i++) {
    const isLonger = number < 0 || names[i].length > names[number].length;
    if (isLonger && rest.startsWith(`${names[i]}.`) && rest.length > names[i].length + 1) number = i;
  }
  if (number < 0) {
    const was = rest.split('.')[0].slice(0, 80);
    return rest.includes('.')
      ? range(`${kind}: expected one of ${names.join(', ')}, was ${JSON.stringify(was)}`)
      : shape(text);
  }
  const name = names[number];
  const interest = kind === 'bar' ? Interest.bar : Interest.signal;
  const channel = marketChannel(kind, `${kind}.${name}.`, interest, { number, name });
  return { channel, market: rest.slice(name.length + 1) };
}

/** Reads one channel text; MARKET is all that follows the fixed words, and is not looked up here. */
export function parseChannel(text: string, named: Named): ParsedChannel {
  if (text.length > CHANNEL_LENGTH_MAX) return shape(text);
  if (GLOBAL.includes(text)) {
    const kind = text as ChannelKind;
    return { channel: { ...marketChannel(kind, text, 0), hasMarket: false }, market: '' };
  }
  const point = text.indexOf('.');
  const word = point < 0 ? '' : text.slice(0, point);
  if (word === 'depth') return parseDepth(text);
  if (word === 'bar') return parseNamed(text, word, named.bars);
  if (word === 'signal') return parseNamed(text, word, named.signals);
  if (!Object.hasOwn(PLAIN, word) || point === text.length - 1) return shape(text);
  const kind = word as ChannelKind;
  return { channel: marketChannel(kind, `${word}.`, PLAIN[word]), market: text.slice(point + 1) };
}

/** The venue of a wildcard: empty for `*` (every venue), `binance` for `binance:*`; null for a market's own name. */
export function wildcardVenue(market: string): string | null {
  if (market === '*') return '';
  return market.endsWith(':*') ? market.slice(0, -2) : null;
}
