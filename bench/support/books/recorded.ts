// Recorded streams of book changes: recordings replayed through the engine's own sessions, one market's changes kept.

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EngineClock, takeAnchor } from '../../../engine/base/clock.ts';
import { DECODERS } from '../../../engine/ingress/decoders.ts';
import { FrameWriter } from '../../../engine/ingress/frame-writer.ts';
import { firstTimeUs } from '../../../engine/ingress/recording.ts';
import { replay } from '../../../engine/ingress/replay-source.ts';
import { createEngineMemory, type EngineMemory } from '../../../engine/memory/engine-memory.ts';
import { MarketNames } from '../../../engine/memory/market-names.ts';
import { RingReader } from '../../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../../engine/route/markets.ts';
import { ChangeFlag, type Dialect, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64, SLOT_U16 } from '../../../schemas/layout.ts';
import { bookChange } from '../../../schemas/market-data.ts';
import type { Size } from '../../harness.ts';
import { BookStream } from './stream.ts';

type Recording = { readonly file: string; readonly venue: Dialect; readonly market: string };

const RECORDINGS: Readonly<Record<Size, readonly Recording[]>> = {
  full: [
    { file: 'binance/spot-20240808-btcusdt.ndjson.gz', venue: 'binance', market: 'binance:BTCUSDT' },
    {
      file: 'binance/usdm-20240808-btcusdt.ndjson.gz',
      venue: 'binance-futures',
      market: 'binance-futures:BTCUSDT',
    },
    {
      file: 'coinbase/advanced-20260809-btc-eth-first500.ndjson.gz',
      venue: 'coinbase',
      market: 'coinbase:BTC-USD',
    },
  ],
  smoke: [{ file: 'binance/spot-20210814-ftm-sxp-badger-xmr.ndjson.gz', venue: 'binance', market: 'binance:FTMUSDT' }],
};
const MARKETS_MAX = 64;

/** Other people's recordings are no part of the project: MILLRACE_RECORDINGS names their folder. */
const FOLDER = resolve(process.env['MILLRACE_RECORDINGS'] ?? '../shared/data');

/** A frame writer whose commits are read back at once: the book changes of one market are kept. */
class KeepingWriter extends FrameWriter {
  readonly kept = new BookStream('kept', '');
  private readonly input: RingReader;
  private readonly names: MarketNames;
  private readonly market: string;

  constructor(memory: EngineMemory, market: string) {
    super(memory, new EngineClock(memory.anchor), 'block-without-limit');
    this.input = new RingReader(memory.shards[0].input);
    this.names = new MarketNames(memory);
    this.market = market;
  }

  override commit(): void {
    super.commit();
    const { input } = this;
    const id = this.names.idOf(this.market);
    const count = input.available();
    for (let offset = 0; offset < count; offset++) {
      const slot = input.slotAt(offset);
      const type = input.u8[slot * SLOT_BYTES];
      if (type !== RecordType.bookChange && type !== RecordType.level) continue;
      if (input.u16[slot * SLOT_U16 + bookChange.at.market] === id) this.kept.copy(input.u32, slot);
    }
    input.release(count);
  }
}

async function keptOf({ file, venue, market }: Recording): Promise<BookStream> {
  const files = [join(FOLDER, file)];
  const { hrtimeNs } = takeAnchor();
  const anchor = { hrtimeNs, wallUs: ((await firstTimeUs(files)) ?? 1e6) - 1e6 };
  const memory = createEngineMemory({ shards: 1, marketsMax: MARKETS_MAX }, anchor);
  const writer = new KeepingWriter(memory, market);
  await replay({ files, venue, speed: 0 }, memory, writer, new MarketDirectory(memory), DECODERS);
  return writer.kept;
}

/** The snapshot first, then what a book that has it applies: changes it holds already are left out. */
function joined(kept: BookStream, { file, venue }: Recording): BookStream {
  const stream = new BookStream(file.split(/[/.]/).slice(0, 2).join(' '), venue);
  const first = kept.heads.findIndex((_, change) => kept.isSnapshot(change));
  const sequenceOf = (change: number): number => kept.f64[kept.heads[change] * SLOT_F64 + bookChange.at.lastSequence];
  const isNumbered = (change: number): boolean =>
    (kept.u8[kept.heads[change] * SLOT_BYTES + bookChange.at.flags] & ChangeFlag.hasSequence) !== 0;
  const copy = (change: number): void => {
    for (let i = 0; i <= kept.levelsOf(change); i++) stream.copy(kept.u32, kept.heads[change] + i);
  };
  copy(first);
  for (let change = 0; change < kept.changes; change++) {
    const isHeld = isNumbered(change) ? sequenceOf(change) <= sequenceOf(first) : change < first;
    if (change !== first && !isHeld) copy(change);
  }
  return stream;
}

/** Streams of the recordings that are there, and a sentence for each that is not. */
export async function recordedStreams(size: Size, note: (text: string) => void): Promise<BookStream[]> {
  const streams: BookStream[] = [];
  for (const recording of RECORDINGS[size]) {
    if (existsSync(join(FOLDER, recording.file))) streams.push(joined(await keptOf(recording), recording));
    else note(`recording ${recording.file}: absent, left out; MILLRACE_RECORDINGS names the folder of recordings`);
  }
  return streams;
}
