// The Kraken recordings, frame by frame, against a plain mapping by JSON.parse; and every checksum in them, computed
// from the decoded digits.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { KrakenDecoder } from '../../../engine/venues/kraken/decode.ts';
import { ChangeFlag, FrameResult, LevelFlag, Side, TradeFlag } from '../../../schemas/ids.ts';
import { decodeFrame, type MemoryRecord, MemorySink } from '../../support/memory-sink.ts';
import { crc32 } from '../../support/reference/crc32.ts';

const FOLDER = resolve(
  process.env['MILLRACE_RECORDINGS'] ?? resolve(import.meta.dirname, '../../../../shared/data'),
  'kraken',
);

/** The recording's lines; null where it is absent, which skips the test (and fails it in CI). */
function readLines(t: TestContext, name: string): Record<string, string>[] | null {
  const file = resolve(FOLDER, name);
  if (!existsSync(file)) {
    assert.notEqual(process.env['CI'], 'true', `expected the recording ${file}`);
    t.skip(`no recording at ${file}`);
    return null;
  }
  const raw = readFileSync(file);
  const text = (name.endsWith('.gz') ? gunzipSync(raw) : raw).toString('utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, string>]));
}

function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function decimals(text: string): number {
  return text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
}

/** Microseconds of seconds with six decimals, as every recorded time has. */
function micros(seconds: string): number {
  return Number(seconds.replace('.', ''));
}

function mapLevel(market: string, flags: number, price: string, quantity: string): MemoryRecord {
  const digits = { priceDecimals: decimals(price), quantityDecimals: decimals(quantity) };
  return { type: 'level', market, flags, count: 0, price, quantity, ...digits };
}

function mapHead(market: string, flags: number, levels: number, time: number, checksum: number, depth: number) {
  const common = { type: 'bookChange', market, flags, count: levels, receiveTimeNs: 1, exchangeTimeUs: time };
  return { ...common, firstSequence: 0, lastSequence: 0, previousSequence: 0, checksum, depth };
}

type V1Payload = Record<string, string[][]> & { c?: string };

function mapV1Book(payloads: V1Payload[], name: string, market: string): MemoryRecord[] {
  const names = ['as', 'a', 'bs', 'b'];
  const sides = payloads.flatMap((payload) =>
    Object.keys(payload).flatMap((side) => (names.includes(side) ? [{ side, levels: payload[side] }] : [])),
  );
  const levels = sides.flatMap(({ side, levels }) =>
    levels.map(([price, quantity]) => mapLevel(market, side.startsWith('a') ? LevelFlag.ask : 0, price, quantity)),
  );
  const time = Math.max(...sides.flatMap((side) => side.levels.map((level) => micros(level[2]))));
  const checksum = (payloads.at(-1) as { c?: string }).c;
  const flags = checksum === undefined ? ChangeFlag.snapshot : ChangeFlag.hasChecksum;
  const depth = Number(name.slice('book-'.length));
  return [mapHead(market, flags, levels.length, time, Number(checksum ?? 0), depth), ...levels];
}

function mapV1Trade(market: string, [price, quantity, time, side]: string[]): MemoryRecord {
  const flags = (side === 'b' ? Side.buy : Side.sell) | TradeFlag.noId;
  const numbers = { price: plain(price), quantity: plain(quantity), id: 0 };
  return { type: 'trade', market, flags, count: 1, receiveTimeNs: 1, exchangeTimeUs: micros(time), ...numbers };
}

function mapV1(frame: unknown[]): MemoryRecord[] {
  const [name, market] = frame.slice(-2) as string[];
  const payloads = frame.slice(1, -2);
  if (name.startsWith('book-')) return mapV1Book(payloads as V1Payload[], name, market);
  if (name === 'trade') return (payloads[0] as string[][]).map((entry) => mapV1Trade(market, entry));
  const { a, b } = payloads[0] as { a: string[]; b: string[] };
  const common = { market, flags: 0, count: 0 };
  const times = { receiveTimeNs: 1, exchangeTimeUs: 0, sequence: 0 };
  return [
    { type: 'quote', ...common, ...times, bidPrice: plain(b[0]), bidQuantity: plain(b[2]) },
    { type: 'quoteAsk', ...common, askPrice: plain(a[0]), askQuantity: plain(a[2]) },
  ];
}

/** Books kept as plain maps, which recompute each checksum from the digits in the records. */
class Checker {
  checked = 0;
  private readonly books = new Map<string, { bids: Map<number, string>; asks: Map<number, string> }>();

  apply(records: MemoryRecord[]): void {
    const [head, ...levels] = records;
    const flags = Number(head['flags']);
    const held = this.books.get(head.market);
    const book = (flags & ChangeFlag.snapshot) !== 0 || !held ? { bids: new Map(), asks: new Map() } : held;
    this.books.set(head.market, book);
    for (const level of levels) {
      const side = level['flags'] === LevelFlag.ask ? book.asks : book.bids;
      const price = String(level['price']);
      const quantity = String(level['quantity']);
      if (Number(quantity) === 0) side.delete(Number(price));
      else side.set(Number(price), token(price) + token(quantity));
    }
    const asks = cut(book.asks, (a, b) => a - b, Number(head['depth']));
    const bids = cut(book.bids, (a, b) => b - a, Number(head['depth']));
    if ((flags & ChangeFlag.hasChecksum) === 0) return;
    assert.equal(crc32([...asks, ...bids].join('')), head['checksum'], head.market);
    this.checked++;
  }
}

function token(text: string): string {
  return text.replace('.', '').replace(/^0+/, '');
}

/** Cuts a side to its depth and returns the texts of its best ten. */
function cut(side: Map<number, string>, order: (a: number, b: number) => number, depth: number): string[] {
  const prices = [...side.keys()].sort(order);
  for (const price of prices.slice(depth)) side.delete(price);
  return prices.slice(0, 10).map((price) => String(side.get(price)));
}

test('every recorded v1 frame decodes to what JSON.parse makes of it, and every checksum holds', (t) => {
  const lines = readLines(t, 'v1-20210417-10mkts.ndjson.gz');
  if (lines === null) return;
  const connections = new Map<string, { sink: MemorySink; decoder: KrakenDecoder }>();
  const checker = new Checker();
  const counts = { applied: 0, control: 0 };
  for (const { k, c, d } of lines) {
    if (k !== 'recv') continue;
    const sink = connections.get(c)?.sink ?? new MemorySink();
    const connection = connections.get(c) ?? { sink, decoder: new KrakenDecoder(sink, 'kraken') };
    connections.set(c, connection);
    const frame: unknown = JSON.parse(d);
    const { result, records } = decodeFrame(connection.sink, connection.decoder, d);
    assert.equal(result, Array.isArray(frame) ? FrameResult.applied : FrameResult.control, d.slice(0, 300));
    assert.deepEqual(records, Array.isArray(frame) ? mapV1(frame) : [], d.slice(0, 300));
    if (records[0]?.type === 'bookChange') checker.apply(records);
    counts[Array.isArray(frame) ? 'applied' : 'control']++;
  }
  assert.deepEqual({ ...counts, checked: checker.checked }, { applied: 4305, control: 125, checked: 4269 });
});

type V2Level = { price: string; qty: string };
type V2Book = { symbol: string; bids: V2Level[]; asks: V2Level[]; checksum: string; timestamp?: string };

test('the v2 book frames decode to what JSON.parse makes of them, and their checksums hold', (t) => {
  const lines = readLines(t, 'v2-book-frames.jsonl');
  if (lines === null) return;
  const checker = new Checker();
  const connections = new Map<string, { sink: MemorySink; decoder: KrakenDecoder }>();
  for (const { src, d } of lines) {
    const sink = connections.get(src)?.sink ?? new MemorySink();
    const connection = connections.get(src) ?? { sink, decoder: new KrakenDecoder(sink, 'kraken') };
    connections.set(src, connection);
    // Numbers as texts, for their digits.
    const message = JSON.parse(d.replace(/:(-?\d[\d.eE+-]*)(?=[,}\]])/g, ':"$1"')) as {
      channel?: string;
      type: string;
      data: V2Book[];
    };
    const { result, records } = decodeFrame(connection.sink, connection.decoder, d);
    if (message.channel !== 'book') {
      assert.deepEqual({ result, records }, { result: FrameResult.control, records: [] });
      continue;
    }
    const [{ symbol, bids, asks, checksum, timestamp }] = message.data;
    const flags = ChangeFlag.hasChecksum | (message.type === 'snapshot' ? ChangeFlag.snapshot : 0);
    const fraction = Number(/\.(\d{6})Z/.exec(timestamp ?? '')?.[1] ?? 0);
    const time = timestamp === undefined ? 0 : Date.parse(timestamp.replace(/\.\d+Z/, 'Z')) * 1000 + fraction;
    assert.deepEqual(records, [
      mapHead(symbol, flags, bids.length + asks.length, time, Number(checksum), 10),
      ...bids.map(({ price, qty }) => mapLevel(symbol, 0, price, qty)),
      ...asks.map(({ price, qty }) => mapLevel(symbol, LevelFlag.ask, price, qty)),
    ]);
    checker.apply(records);
  }
  assert.equal(checker.checked, 3);
});
