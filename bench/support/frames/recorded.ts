// Recorded book frames, where recordings are: updates as they come most often, and the acknowledgements before them.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { recordedLines } from '../../../engine/ingress/recording.ts';
import type { Dialect } from '../../../schemas/ids.ts';
import type { Size } from '../../harness.ts';
import type { BookFrames } from './drawn.ts';
import type { FormName } from './forms.ts';

type Recording = {
  readonly file: string;
  readonly form: FormName;
  readonly dialect: Dialect;
  readonly isUpdate: (text: string) => boolean;
  /** Gives counters of a connection anew, so that frames left out are no gap; writes as the venue does what a recorder wrote otherwise. */
  readonly mended?: (text: string, number: number) => string;
};

const binanceUpdate = (text: string): boolean => text.includes('"e":"depthUpdate"');
const isBybitDelta = (text: string): boolean => text.includes('"topic":"orderbook.') && text.includes('"type":"delta"');
/** One level with its sequence number; a ticker has more numbers, a trade a text before them. */
const BITFINEX_LEVEL = /^\[\d+,\[[\d.e-]+,\d+,-?[\d.e-]+\],\d+\]$/;

type HyperliquidBook = {
  readonly channel: string;
  readonly data: {
    readonly coin: string;
    readonly time: number;
    readonly levels: readonly (readonly { readonly px: string; readonly sz: string; readonly n: number }[])[];
  };
};

/** The recorder sorted the members by name (docs/venues/hyperliquid.md). */
function inVenueOrder(text: string): string {
  const { channel, data } = JSON.parse(text) as HyperliquidBook;
  const levels = data.levels.map((side) => side.map(({ px, sz, n }) => ({ px, sz, n })));
  return JSON.stringify({ channel, data: { coin: data.coin, time: data.time, levels } });
}

const RECORDINGS: readonly Recording[] = [
  {
    file: 'binance/spot-20240808-btcusdt.ndjson.gz',
    form: 'binance',
    dialect: 'binance',
    isUpdate: binanceUpdate,
  },
  {
    file: 'binance/usdm-20240808-btcusdt.ndjson.gz',
    form: 'binance-futures',
    dialect: 'binance-futures',
    isUpdate: binanceUpdate,
  },
  {
    file: 'coinbase/advanced-20260809-btc-eth-first500.ndjson.gz',
    form: 'coinbase',
    dialect: 'coinbase',
    isUpdate: (text) => text.includes('"l2_data"') && text.includes('"type":"update"'),
    mended: (text, number) => text.replace(/"sequence_num":\d+/, `"sequence_num":${number}`),
  },
  {
    file: 'kraken/v1-20210417-10mkts.ndjson.gz',
    form: 'kraken v1',
    dialect: 'kraken',
    isUpdate: (text) => text.startsWith('[') && text.includes('"book-') && !text.includes('"as"'),
  },
  {
    file: 'okx/v5-20220513-btc-uni.ndjson.gz',
    form: 'okx',
    dialect: 'okx',
    isUpdate: (text) => text.includes('"channel":"books') && text.includes('"action":"update"'),
  },
  {
    file: 'bybit/v5-20260809-6mkts-firsthalf.ndjson.gz',
    form: 'bybit',
    dialect: 'bybit',
    isUpdate: isBybitDelta,
  },
  {
    file: 'bitfinex/v2-20210417-7mkts.ndjson.gz',
    form: 'bitfinex',
    dialect: 'bitfinex',
    isUpdate: (text) => BITFINEX_LEVEL.test(text),
    mended: (text, number) => text.replace(/,\d+\]$/, `,${number}]`),
  },
  {
    file: 'hyperliquid/btc-20250126-first30.ndjson.gz',
    form: 'hyperliquid',
    dialect: 'hyperliquid',
    isUpdate: (text) => text.includes('"l2Book"') && text.includes('"levels":[[{'),
    mended: inVenueOrder,
  },
];

/** Other people's recordings are no part of the project: MILLRACE_RECORDINGS names their folder. */
const FOLDER = resolve(process.env['MILLRACE_RECORDINGS'] ?? '../shared/data');
const encoder = new TextEncoder();
const FRAMES: Readonly<Record<Size, number>> = { full: 2000, smoke: 20 };
/** Words of acknowledgements: what a connection is told before its data. */
const ACKNOWLEDGED = /"event":"(subscribed|conf)"|subscriptionStatus/;

/** The updates of a recording in order, and again from its beginning where it has fewer than are wanted. */
async function framesOf({ file, form, dialect, isUpdate, mended }: Recording, count: number): Promise<BookFrames> {
  const before: string[] = [];
  const updates: string[] = [];
  for await (const { kind, text } of recordedLines(join(FOLDER, file))) {
    if (kind !== 'recv') continue;
    if (isUpdate(text)) updates.push(text);
    else if (ACKNOWLEDGED.test(text)) before.push(text);
    if (updates.length === count) break;
  }
  const frames = Array.from({ length: count }, (_, index) => {
    const text = updates[index % updates.length];
    return encoder.encode(mended?.(text, index + 1) ?? text);
  });
  const acknowledged = before.map((text) => encoder.encode(text));
  return { name: `${form}, recorded`, form, dialect, before: acknowledged, frames };
}

/** Frames of the recordings that are there, and a sentence for each that is not. */
export async function recordedFrames(size: Size, note: (text: string) => void): Promise<BookFrames[]> {
  const result: BookFrames[] = [];
  for (const recording of RECORDINGS) {
    if (existsSync(join(FOLDER, recording.file))) {
      result.push(await framesOf(recording, FRAMES[size]));
    } else note(`recording ${recording.file}: absent, left out; MILLRACE_RECORDINGS names the folder of recordings`);
  }
  return result;
}
