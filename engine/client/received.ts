// What came on the stream as a message or a reply: checked as far as the client relies on it, since anything may answer there.

import type { BookChange, PriceLevel, StreamMessage, StreamReply } from '../../schemas/feed.ts';

type Fields = { readonly [name: string]: unknown };

/** Canonical or not, a text whose order among others is sure. */
const DECIMAL = /^-?\d+(\.\d+)?$/;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isDecimal(value: unknown): boolean {
  return typeof value === 'string' && DECIMAL.test(value);
}

/** @throws TypeError */
function expect(isRight: boolean, expected: string, was: unknown): void {
  if (isRight) return;
  const text = JSON.stringify(was) ?? 'nothing';
  throw new TypeError(`expected ${expected}, was ${text.slice(0, 80)}`);
}

/** A level that is none would leave a book in disorder, below what its checksum covers. */
function expectLevels(levels: readonly PriceLevel[]): void {
  expect(Array.isArray(levels), 'levels', levels);
  for (const level of levels) {
    expect(isFields(level) && isDecimal(level.price) && isDecimal(level.amount), 'a level', level);
  }
}

function isCount(value: unknown): boolean {
  return value === undefined || Number.isSafeInteger(value);
}

function expectMessage(value: Fields): void {
  expect(typeof value['type'] === 'string' && typeof value['channel'] === 'string', 'type and channel', value);
  const { seq, prevSeq } = value;
  expect(Number.isSafeInteger(seq) && (prevSeq === null || Number.isSafeInteger(prevSeq)), 'seq and prevSeq', value);
  if (value['type'] !== 'book_change') return;
  const { bids, asks, part, parts } = value as unknown as BookChange;
  expectLevels(bids);
  expectLevels(asks);
  expect(isCount(part) && isCount(parts), 'part and parts', value);
}

function isList(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function expectReply(value: Fields): void {
  const { op, args, errors, engine, category, message } = value;
  if (op === 'subscribed' || op === 'resumed' || op === 'unsubscribed') {
    expect(
      isList(args, (arg) => typeof arg === 'string' || isFields(arg)),
      'args',
      value,
    );
    expect(isList(errors, isFields), 'errors', value);
    expect(op === 'unsubscribed' || typeof engine === 'string', 'engine', value);
  } else if (op === 'error') expect(typeof category === 'string' && typeof message === 'string', 'category', value);
  else expect(op === 'pong', 'an answer of the engine', value);
}

/** @throws TypeError, SyntaxError where it is nothing an engine says. */
export function parseReceived(text: string): StreamMessage | StreamReply {
  const value: unknown = JSON.parse(text);
  if (!isFields(value) || Array.isArray(value)) throw new TypeError('expected an object, was something else');
  if ('type' in value) expectMessage(value);
  else expectReply(value);
  return value as unknown as StreamMessage | StreamReply;
}
