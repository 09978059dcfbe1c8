// Whole frames of every dialect for fuzzing to begin from: the simulators', the load generator's, and the kept corpus.

import { existsSync, readFileSync } from 'node:fs';
import { DIALECTS, type Dialect } from '../../schemas/ids.ts';
import { readSession } from '../support/frames-file.ts';
import { LoadFramesReader, loadPlan } from '../support/load-frames.ts';
import { GOLDEN_SESSIONS, recordingPath } from '../support/recordings.ts';
import { readLines } from '../support/reference/lines.ts';
import { VENUES, VenueClient } from './venue-session.ts';

/** Frames kept of each dialect, evenly out of those made. */
const KEPT = 48;
const STEPS = 400;
const STEP_MS = 40;
const MARKETS = 3;
const LEVELS = 12;
const BATCHES = 200;

export const CORPUS_FOLDER = new URL('corpus/', import.meta.url);

const thinned = (frames: readonly Buffer[]): Buffer[] => {
  const every = Math.max(1, frames.length / KEPT);
  return Array.from({ length: Math.min(KEPT, frames.length) }, (_, i) => frames[Math.floor(i * every)]);
};

function venueFrames(venue: Dialect, seed: number): Buffer[] {
  const client = new VenueClient(venue, { markets: MARKETS, seed, levels: LEVELS }, ['book', 'trades']);
  const first: Buffer[] = [];
  const later: Buffer[] = [];
  for (let step = 0; step < STEPS; step++) {
    for (const frame of client.received()) {
      client.take(frame);
      (step < 2 || frame.channel === null ? first : later).push(Buffer.from(frame.text));
    }
    client.venue.step(STEP_MS);
  }
  const { connector, symbols } = client;
  for (const symbol of symbols) {
    const request = connector.snapshot?.(symbol);
    if (request === undefined) continue;
    first.push(Buffer.from(connector.snapshotFrame?.(symbol, client.venue.rest(request.path, request.body)) ?? ''));
  }
  return [...thinned(first), ...thinned(later)];
}

function batchFrames(): Buffer[] {
  const reader = new LoadFramesReader(loadPlan({ format: 'flatbuffers', batch: 4 }));
  reader.begin(0);
  return Array.from({ length: BATCHES }, (_, i) => reader.write(i * 4, i * 1_000).payloads).flat();
}

function normalisedFrames(): Buffer[] {
  const session = GOLDEN_SESSIONS.find(({ venue }) => venue === 'json');
  if (session === undefined) throw new Error('expected a golden session of json');
  return readSession(session.path).flatMap(({ k, d = '' }) => (k === 'recv' ? [Buffer.from(d)] : []));
}

/** Recordings of others, read in place where they are: frames that no simulator sends. */
const RECORDINGS: Readonly<Partial<Record<Dialect, readonly string[]>>> = {
  binance: ['binance/spot-20210404-btc-eth-dot.ndjson.gz'],
  'binance-us': ['binance/spot-20210814-ftm-sxp-badger-xmr.ndjson.gz'],
  'binance-futures': ['binance/usdm-20210722-sushi-akro-keep-ctk.ndjson.gz'],
  'binance-delivery': ['binance/usdm-20210722-sushi-akro-keep-ctk.ndjson.gz'],
  bitfinex: ['bitfinex/v2-20210417-7mkts.ndjson.gz'],
  coinbase: ['coinbase/advanced-20260809-btc-eth-first500.ndjson.gz'],
  kraken: ['kraken/v1-20210417-10mkts.ndjson.gz', 'kraken/v2-book-frames.jsonl'],
  okx: ['okx/v5-20210722-10mkts.ndjson.gz', 'okx/v5-20220513-btc-uni.ndjson.gz', 'okx/v5-2026-update-frames.jsonl'],
  bybit: ['bybit/v5-20260809-6mkts-firsthalf.ndjson.gz', 'bybit/xrpusdt-ob500-20241201.jsonl.gz'],
  hyperliquid: ['hyperliquid/frames.jsonl', 'hyperliquid/btc-20250126-first30.ndjson.gz'],
  dydx: ['dydx/v4-frames.jsonl'],
  injective: ['injective/indexer-example-frames.jsonl', 'injective/chain-stream-blocks-1-50.jsonl.gz'],
};
const RECORDED_BYTES_MAX = 8_192;

/** Frames of one file whose members no frame before it had. */
function recordedFrames(dialect: Dialect): Buffer[] {
  const shapes = new Set<string>();
  const files = (RECORDINGS[dialect] ?? []).map(recordingPath).filter((path) => existsSync(path));
  return files.flatMap((file) =>
    readLines([file]).flatMap(({ text, kind }) => {
      const shape = text.replace(/"[^"]*"(?!:)|[\d.]+/g, '').slice(0, 400);
      if (kind !== 'recv' || text.length > RECORDED_BYTES_MAX || shapes.has(shape) || shapes.size === KEPT) return [];
      shapes.add(shape);
      return [Buffer.from(text)];
    }),
  );
}

/** Frames that reached what no other had, kept from earlier runs: a line of base64 each. */
function corpusFrames(dialect: Dialect): Buffer[] {
  const file = new URL(`${dialect}.base64`, CORPUS_FOLDER);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'latin1').split('\n');
  return lines.filter((line) => line !== '').map((line) => Buffer.from(line, 'base64'));
}

export function seedFrames(dialect: Dialect, seed: number): Buffer[] {
  const corpus = corpusFrames(dialect);
  if (dialect === 'flatbuffers') return [...corpus, ...thinned(batchFrames())];
  if (dialect === 'json') return [...corpus, ...thinned(normalisedFrames())];
  return [...corpus, ...recordedFrames(dialect), ...(VENUES.includes(dialect) ? venueFrames(dialect, seed) : [])];
}

export const FUZZED: readonly Dialect[] = DIALECTS;
