// Finds the prices and quantities of trades and levels in the text of frames, so that tests can change single digits.

import type { Dialect } from '../../schemas/ids.ts';
import type { SessionLine } from './frames-file.ts';
import { canonical } from './reference/proof-subject.ts';

export type Span = readonly [from: number, to: number];

/** One price with its quantity: where they stand in the text of a line's frame. */
export type NumberPlace = {
  readonly line: number;
  readonly kind: 'trade' | 'level';
  readonly market: string;
  readonly side: 'bids' | 'asks';
  readonly price: Span;
  readonly quantity: Span;
};

/** A level that stands at the end; `isOnly` where nothing before it named its price, which it leaves if altered. */
export type LastingLevel = NumberPlace & { readonly isOnly: boolean };

const NUMBER = '[\\d.]+(?:e-?\\d+)?';
const pair = (before: string, between: string, after: string): string =>
  `${before}(?<price>${NUMBER})${between}(?<quantity>${NUMBER})${after}`;

/** What is read on the way through a frame: its kind, market and side stand before the numbers they are of. */
const BINANCE = `"e":"(?<kind>\\w+)"|"s":"(?<market>\\w+)"|"(?<side>b|a|bids|asks)":\\[|${pair('(?:\\["|"p":")', '","(?:q":")?', '"')}`;
const PATTERNS: Readonly<Partial<Record<Dialect, string>>> = {
  binance: BINANCE,
  'binance-futures': BINANCE,
  kraken: `"channel":"(?<kind>\\w+)"|"symbol":"(?<market>[^"]+)"|"(?<side>bids|asks)":|${pair('"price":', ',"qty":', '')}`,
  coinbase: `"channel":"(?<kind>\\w+)"|"product_id":"(?<market>[^"]+)"|"side":"(?<side>bid|offer)"|${pair('"price(?:_level)?":"', '","(?:size|new_quantity)":"', '"')}`,
  okx: `"channel":"(?<kind>[\\w-]+)"|"instId":"(?<market>[^"]+)"|"(?<side>bids|asks)":|${pair('(?:\\["|"px":")', '","(?:sz":")?', '"')}`,
  json: `"type":"(?<kind>\\w+)"|"symbol":"(?<market>[^"]+)"|"(?<side>bids|asks)":|${pair('"price":"', '","amount":"', '"')}`,
};
/** Kraken v1 puts channel and pair behind the levels. */
const KRAKEN_V1 = `"(?<side>as|bs|a|b)":\\[|${pair('\\["', '","', '","[\\d.]+"(?:,"r")?\\]')}`;

const TRADES = ['trade', 'aggTrade', 'market_trades', 'trades', 'trades-all'];
const BOOKS = ['depthUpdate', 'book', 'l2_data', 'book_change', 'book_snapshot', 'books', 'books-l2-tbt'];
const ASKS = ['a', 'as', 'asks', 'offer'];

function placesOfFrame(venue: Dialect, text: string, line: number, symbol: string | null): NumberPlace[] {
  const isV1 = venue === 'kraken' && text.startsWith('[');
  const v1 = isV1 ? (JSON.parse(text) as unknown[]).slice(-2).map(String) : [];
  let kind = isV1 ? v1[0].replace(/-\d+$/, '') : symbol === null ? '' : 'depthUpdate';
  let market = isV1 ? v1[1] : (symbol ?? '');
  let side: NumberPlace['side'] = 'bids';
  const places: NumberPlace[] = [];
  const pattern = new RegExp(isV1 ? KRAKEN_V1 : (PATTERNS[venue] ?? '(?!)'), 'dg');
  for (const match of text.matchAll(pattern)) {
    const { groups = {}, indices } = match;
    kind = groups['kind'] ?? kind;
    market = groups['market'] ?? market;
    if (groups['side'] !== undefined) side = ASKS.includes(groups['side']) ? 'asks' : 'bids';
    const price = indices?.groups?.['price'];
    const quantity = indices?.groups?.['quantity'];
    if (price === undefined || quantity === undefined) continue;
    if (TRADES.includes(kind) && !isV1) places.push({ line, kind: 'trade', market, side, price, quantity });
    if (BOOKS.includes(kind)) places.push({ line, kind: 'level', market, side, price, quantity });
  }
  return places;
}

/** All places of a session, in file order; of `http` lines those whose address names the market. */
export function numberPlaces(venue: Dialect, lines: readonly SessionLine[]): NumberPlace[] {
  return lines.flatMap(({ k, u = '', d = '' }, line) => {
    if (k === 'recv') return placesOfFrame(venue, d, line, null);
    const symbol = k === 'http' ? /symbol=(\w+)/.exec(u) : null;
    return symbol === null ? [] : placesOfFrame(venue, d, line, symbol[1]);
  });
}

type Books = Readonly<
  Record<string, { readonly bids: readonly (readonly string[])[]; readonly asks: readonly (readonly string[])[] }>
>;

/**
 * The places of the levels that stand in the final books: the last to name their price. A REST snapshot is applied
 * before the changes held for it, so of prices named on both sides of one the order is not told by the file.
 */
export function lastingLevels(
  places: readonly NumberPlace[],
  lines: readonly SessionLine[],
  books: Books,
): LastingLevel[] {
  const bySpot = new Map<string, NumberPlace[]>();
  const textOf = (place: NumberPlace, span: Span): string => canonical(lines[place.line].d?.slice(...span));
  for (const place of places) {
    if (place.kind !== 'level') continue;
    const spot = `${place.market} ${place.side} ${textOf(place, place.price)}`;
    bySpot.set(spot, [...(bySpot.get(spot) ?? []), place]);
  }
  const final = new Set<string>();
  for (const [name, book] of Object.entries(books)) {
    const market = name.slice(name.indexOf(':') + 1);
    for (const side of ['bids', 'asks'] as const) {
      for (const [price, quantity] of book[side]) final.add(`${market} ${side} ${price} ${quantity}`);
    }
  }
  return [...bySpot].flatMap(([spot, named]) => {
    const last = named[named.length - 1];
    const httpAt = lines.findLastIndex(({ k, u = '' }) => k === 'http' && u.includes(`symbol=${last.market}&`));
    const isTold = named.length === 1 || last.line > httpAt;
    return isTold && final.has(`${spot} ${textOf(last, last.quantity)}`)
      ? [{ ...last, isOnly: named.length === 1 }]
      : [];
  });
}

/** The lines with one digit of a number another; a number of several digits does not begin with 0 after it. */
export function withDigitChanged(
  lines: readonly SessionLine[],
  line: number,
  [from, to]: Span,
  random: (limit: number) => number,
): SessionLine[] {
  const text = lines[line].d ?? '';
  const digits = [...text.slice(from, to)].flatMap((character, i) => (/\d/.test(character) ? [from + i] : []));
  const at = digits[random(digits.length)];
  const isLeading = at === from && /\d/.test(text[at + 1] ?? '');
  const others = [...'0123456789'].filter((digit) => digit !== text[at] && !(isLeading && digit === '0'));
  const d = text.slice(0, at) + others[random(others.length)] + text.slice(at + 1);
  return lines.map((held, index) => (index === line ? { ...held, d } : held));
}
