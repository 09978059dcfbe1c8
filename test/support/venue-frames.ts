// Frames of every dialect for tests that need a connection of each, from recordings and from our own golden sessions.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { batchFrames } from '../../bench/workloads-batch.ts';
import { recordedLines } from '../../engine/ingress/recording.ts';
import { DIALECTS, type Dialect } from '../../schemas/ids.ts';
import { recordingPath } from './recordings.ts';

const GOLDEN = resolve(import.meta.dirname, '../golden');

/** One line of a connection: a frame that came, or a text that was sent. */
export type VenueLine = { readonly connection: string; readonly isSent: boolean; readonly bytes: Uint8Array };

const FILES: Readonly<Record<Dialect, readonly string[]>> = {
  binance: [join(GOLDEN, 'binance-1.ndjson'), recordingPath('binance/spot-20240808-btcusdt.ndjson.gz')],
  'binance-us': [join(GOLDEN, 'binance-1.ndjson')],
  'binance-futures': [join(GOLDEN, 'binance-futures-2.ndjson')],
  'binance-delivery': [join(GOLDEN, 'binance-futures-2.ndjson')],
  coinbase: [join(GOLDEN, 'coinbase-4.ndjson'), recordingPath('coinbase/advanced-20260809-btc-eth-first500.ndjson.gz')],
  kraken: [
    join(GOLDEN, 'kraken-3.ndjson'),
    recordingPath('kraken/v1-20210417-10mkts.ndjson.gz'),
    recordingPath('kraken/v2-book-frames.jsonl'),
  ],
  okx: [recordingPath('okx/v5-20220513-btc-uni.ndjson.gz'), recordingPath('okx/v5-2026-update-frames.jsonl')],
  bybit: [recordingPath('bybit/v5-20260809-6mkts-firsthalf.ndjson.gz')],
  'bybit-spot': [recordingPath('bybit/xrpusdt-ob500-20241201.jsonl.gz')],
  bitfinex: [recordingPath('bitfinex/v2-20210417-7mkts.ndjson.gz')],
  hyperliquid: [recordingPath('hyperliquid/btc-20250126-first30.ndjson.gz'), recordingPath('hyperliquid/frames.jsonl')],
  dydx: [recordingPath('dydx/v4-frames.jsonl')],
  injective: [
    recordingPath('injective/indexer-example-frames.jsonl'),
    recordingPath('injective/chain-stream-blocks-1-50.jsonl.gz'),
  ],
  json: [join(GOLDEN, 'json-5.ndjson')],
  flatbuffers: [],
};

async function linesOf(path: string, linesMax: number): Promise<VenueLine[]> {
  const lines: VenueLine[] = [];
  for await (const { kind, connection, text } of recordedLines(path)) {
    if (kind !== 'recv' && kind !== 'send') continue;
    lines.push({ connection: `${path} ${connection}`, isSent: kind === 'send', bytes: Buffer.from(text) });
    if (lines.length === linesMax) break;
  }
  return lines;
}

/** The first lines of each dialect; recordings that are not here are left out. */
export async function venueLines(dialect: Dialect, linesMax: number): Promise<VenueLine[]> {
  if (dialect === 'flatbuffers')
    return batchFrames(3, Math.ceil(linesMax / 4)).frames.map((bytes) => ({ connection: '', isSent: false, bytes }));
  const files = FILES[dialect].filter((path) => existsSync(path));
  const each = await Promise.all(files.map((path) => linesOf(path, Math.ceil(linesMax / files.length))));
  return each.flat();
}

export const ALL_DIALECTS: readonly Dialect[] = DIALECTS;
