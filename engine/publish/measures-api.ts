// `/v1/measures`: reads what is asked for, measures the book of an answer, and writes it as JSON.

import { LADDER_LEVELS_MAX } from '../../schemas/config.ts';
import { type BookMeasures, type MeasureQuestion, measureBook, noMeasures } from '../measures/book-measures.ts';
import { UNIT_DECIMALS, units } from '../measures/exact.ts';
import { type BookSide, bestFirst } from '../measures/side.ts';
import { horizonJson } from './encode-json.ts';
import { HttpError } from './http.ts';
import type { BookChangeMessage, Levels } from './messages.ts';
import { isoJson } from './time-text.ts';

export const USUAL_DEPTHS: readonly number[] = [1, 5, 10, 20];
export const USUAL_BPS: readonly number[] = [5, 10, 25, 50];
/** Numbers in one list: each costs a pass over the book on main. */
export const MEASURE_ITEMS_MAX = 16;
/** All of the mid: a bid cannot lie further from it. */
export const BPS_MAX = 10_000;

function refuse(name: string, expected: string, text: string): never {
  throw new HttpError(400, 'range', `${name}: expected ${expected}, was ${JSON.stringify(text.slice(0, 80))}`);
}

/** Whole numbers with commas between them, or the usual ones where none are given. */
function wholeNumbers(params: URLSearchParams, name: string, usual: readonly number[], max: number): readonly number[] {
  const text = params.get(name);
  if (text === null) return usual;
  const numbers = text.split(',').map((each) => (/^\d{1,9}$/.test(each) ? Number(each) : Number.NaN));
  if (numbers.length <= MEASURE_ITEMS_MAX && numbers.every((each) => each >= 1 && each <= max)) return numbers;
  return refuse(name, `1 to ${MEASURE_ITEMS_MAX} whole numbers from 1 to ${max} with commas between them`, text);
}

/** A positive decimal in units of 10^-18; null where none is given. */
function quantityOf(params: URLSearchParams): bigint | null {
  const text = params.get('quantity');
  if (text === null) return null;
  const found = /^(\d{1,13})(?:\.(\d{1,18}))?$/.exec(text);
  const quantity = found === null ? 0n : BigInt(found[1] + (found[2] ?? '').padEnd(UNIT_DECIMALS, '0'));
  if (quantity > 0n) return quantity;
  return refuse('quantity', 'a decimal above 0 with up to 13 digits before and 18 after the point', text);
}

/** @throws HttpError 400 for a parameter that is not one. */
export function measureQuestionOf(params: URLSearchParams): MeasureQuestion {
  return {
    levels: wholeNumbers(params, 'levels', USUAL_DEPTHS, LADDER_LEVELS_MAX),
    bps: wholeNumbers(params, 'bps', USUAL_BPS, BPS_MAX),
    quantity: quantityOf(params),
  };
}

/** One side of a book message as measures see it. */
export function sideOf(levels: Levels, horizon: Levels | null, isBid: boolean): BookSide {
  return { ...bestFirst(levels), isBid, horizon: horizon === null ? null : units(horizon[0], horizon[1]) };
}

function measuresOf(book: BookChangeMessage, question: MeasureQuestion): BookMeasures {
  if (book.state !== 'live') return noMeasures(question);
  const bids = sideOf(book.bids, book.horizonBid, true);
  return measureBook(bids, sideOf(book.asks, book.horizonAsk, false), question);
}

/** The answer for a whole book. A book that is not live says so, and measures nothing. */
export function measuresJson(market: string, book: BookChangeMessage, question: MeasureQuestion): string {
  const measures = JSON.stringify(measuresOf(book, question)).slice(1);
  return (
    `{"market":${JSON.stringify(market)},"state":"${book.state}","reason":${JSON.stringify(book.reason)}` +
    `,"seq":${book.bookSequence},"timestamp":${isoJson(book.timestampUs)}` +
    `,"localTimestamp":${isoJson(book.localTimestampUs)}` +
    `,"horizon":${horizonJson(book.horizonBid, book.horizonAsk, '"')},${measures}`
  );
}
