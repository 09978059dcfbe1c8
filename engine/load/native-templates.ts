// Owns one market's prepared frames: texts that the venue's session has written once, of updates made of marks.

import { assert } from '../base/assert.ts';
import type { FeedChannel } from '../connect/protocol.ts';
import { type BookShape, MARKET_SHAPES } from './book-shapes.ts';
import {
  ASK_MARKS,
  BID_MARKS,
  BookTemplate,
  ID_DIGITS,
  MARK_ID,
  MARK_MS,
  markPrice,
  markTag,
  type SequencePlace,
  TAG_MARK,
  TradeTemplate,
} from './frame-template.ts';
import { ID_START, type LoadMarket } from './load-market.ts';
import type { NativeLane } from './native-lane.ts';

/** Venues whose frames differ by numbers of fixed width alone. */
const VENUES = ['binance', 'binance-us', 'binance-futures', 'binance-delivery'];

export const hasTemplates = (dialect: string): boolean => VENUES.includes(dialect);

/** The update ids of a change; each is the sequence, or a multiple of it and a little more. */
const SEQUENCES = new RegExp(`"(?:U|u|pu)":(\\d{${ID_DIGITS}})(?=[,}])`, 'g');

type Places = readonly { readonly at: number; readonly value: number }[];

function sequencesOf(message: string): Places {
  return [...message.matchAll(SEQUENCES)].map((match) => ({
    at: match.index + match[0].length - ID_DIGITS,
    value: Number(match[1]),
  }));
}

/** From two messages with successive sequences. */
function sequencePlaces(first: string, second: string, sequence: number): SequencePlace[] {
  const [before, after] = [sequencesOf(first), sequencesOf(second)];
  assert(before.length >= 2 && before.length === after.length, `expected update ids in ${first.slice(0, 200)}`);
  return before.map(({ at, value }, index) => {
    const step = after[index].value - value;
    return { at, base: value - step * sequence, step };
  });
}

export type TemplateParts = {
  readonly market: LoadMarket;
  readonly lanes: Readonly<Record<FeedChannel, NativeLane>>;
  /** Runs `make` while the venue's time is MARK_MS. */
  readonly atMark: (make: () => string) => string;
};

export class NativeTemplates {
  private readonly parts: TemplateParts;
  private readonly trades: (TradeTemplate | null)[] = [null, null];
  private readonly books: (BookTemplate | null)[] = MARKET_SHAPES.map(() => null);

  constructor(parts: TemplateParts) {
    this.parts = parts;
  }

  trade(isBuy: boolean): TradeTemplate {
    const held = this.trades[Number(isBuy)];
    if (held !== null) return held;
    const { priceDigits: digits, priceDecimals: decimals } = this.parts.market;
    const price = markPrice(1, digits, decimals);
    const takerSide = isBuy ? ('buy' as const) : ('sell' as const);
    const trade = { timeMs: MARK_MS, id: MARK_ID, price, quantity: markTag(5), takerSide };
    const made = new TradeTemplate(
      this.only('trades', (lane) => lane.writeTrade(trade)),
      digits,
      decimals,
    );
    this.trades[Number(isBuy)] = made;
    return made;
  }

  /** By the index of its shape. */
  book(index: number): BookTemplate {
    const held = this.books[index];
    if (held !== null) return held;
    const shape = MARKET_SHAPES[index];
    const first = this.changeText(shape, ID_START);
    const places = sequencePlaces(first, this.changeText(shape, ID_START + 1), ID_START);
    const { priceDigits: digits, priceDecimals: decimals } = this.parts.market;
    const made = new BookTemplate(first, shape, digits, decimals, places);
    this.books[index] = made;
    return made;
  }

  /** Best levels first, as in the updates of a market: of bids the higher mark comes first. */
  private changeText({ bids, asks }: BookShape, sequence: number): string {
    const { priceDigits: digits, priceDecimals: decimals } = this.parts.market;
    const levels = (marks: readonly number[]): [string, string][] =>
      marks.map((mark) => [markPrice(mark, digits, decimals), markTag(mark + TAG_MARK)]);
    const change = {
      ...{ timeMs: MARK_MS, firstSequence: sequence, lastSequence: sequence, previousSequence: sequence - 1 },
      bids: levels(BID_MARKS.slice(0, bids)),
      asks: levels(ASK_MARKS.slice(0, asks)),
    };
    return this.only('book', (lane) => lane.writeChange(change));
  }

  private only(channel: FeedChannel, write: (lane: NativeLane) => string[]): string {
    return this.parts.atMark(() => {
      const texts = write(this.parts.lanes[channel]);
      assert(texts.length === 1, `${this.parts.market.symbol}: expected one frame, was ${texts.length}`);
      return texts[0];
    });
  }
}
