// How fast do trade frames become normalised trades and bars in one process, beside what others do with the same bytes?
//
//   frame bytes ──► session ──► ring ──► filter, bars                                        (ours, exact)
//               ──► TextDecoder, JSON.parse ──► tardis-dev's mapper ──► its trade bars, called directly
//               ──► the same through its compute(), an asynchronous generator, as its documents have it
//               ──► TextDecoder, JSON.parse ──► ccxt's parseWsTrade, its buildOHLCVC at the end
//               ──► TextDecoder, JSON.parse ──► numbers in a Map                             (what most bots run)
//   records     ──► ring and back, nothing else                                              (ceiling)
//
// Before that all bars behind which another began are compared: prices exactly, volumes as floats sum them.

import { DOORBELL_BYTES, Doorbell } from '../../engine/ring/doorbell.ts';
import { createRing, RingReader, RingWriter } from '../../engine/ring/spsc-ring.ts';
import { COMMIT_FRAMES_MAX } from '../../schemas/config.ts';
import { SLOT_U32 } from '../../schemas/layout.ts';
import { check, type Results, type Size } from '../harness.ts';
import { InProcessEngine } from '../support/in-process.ts';
import { type Stage, stageOf } from '../support/record-buffer.ts';
import { bench, measureAsync, type Way } from '../support/turns.ts';
import { tradeFrames } from '../workloads.ts';
import {
  type BarsByMarket,
  CcxtBars,
  compareBars,
  computedBars,
  PlainBars,
  TardisBars,
  type TradeBars,
} from './bar-pipelines.ts';
import { ownBars } from './own-bars.ts';

const MARKETS = 8;
const AIM = '≥ 12';
/** As much of a ring as is in use while the shard keeps up. */
const RING_SLOTS = 8192;

class OwnBars {
  private readonly stage: Stage;
  private engine = this.make(false);

  constructor(frames: readonly Uint8Array[]) {
    this.stage = stageOf(frames);
  }

  way(): Way {
    const frames = this.stage.ends.length;
    return {
      name: 'engine, in process',
      prepare: () => {
        this.engine = this.make(false);
      },
      run: () => {
        this.engine.run(this.stage);
        const trades = this.engine.count('trades', MARKETS);
        check(trades === frames, `engine: expected ${frames} trades, was ${trades}`);
      },
    };
  }

  bars(): BarsByMarket {
    this.engine = this.make(true);
    this.engine.run(this.stage);
    return ownBars(this.engine.dispatch.markets);
  }

  private make(keepAll: boolean): InProcessEngine {
    const choice = { bars: ['100ms'], signals: [] };
    const inputSlots = RING_SLOTS;
    return new InProcessEngine({ dialect: 'binance', marketsMax: MARKETS, choice, keepAll, inputSlots });
  }
}

function pipelineWay(pipeline: TradeBars, frames: readonly Uint8Array[], aim?: string): Way {
  return {
    name: pipeline.name,
    prepare: () => pipeline.prepare(),
    run: () => {
      for (const frame of frames) pipeline.take(frame);
      pipeline.end();
    },
    ...(aim === undefined ? {} : { aim }),
  };
}

/** One record a frame through a ring, copied in and out whole, with as many to a commit as ingress makes. */
function ringWay(records: number): Way {
  const ring = createRing(RING_SLOTS);
  const writer = new RingWriter(ring, new Doorbell(new SharedArrayBuffer(DOORBELL_BYTES)));
  const reader = new RingReader(ring);
  const record = new Uint32Array(SLOT_U32).fill(7);
  const copy = (to: Uint32Array, at: number, from: Uint32Array, fromAt: number): void => {
    for (let word = 0; word < SLOT_U32; word++) to[at + word] = from[fromAt + word];
  };
  const run = (): void => {
    let read = 0;
    for (let from = 0; from < records; from += COMMIT_FRAMES_MAX) {
      const until = Math.min(from + COMMIT_FRAMES_MAX, records);
      for (let i = from; i < until; i++) {
        copy(writer.u32, writer.claim() * SLOT_U32, record, 0);
        writer.endFrame();
      }
      writer.commit();
      const count = reader.available();
      for (let offset = 0; offset < count; offset++) copy(record, 0, reader.u32, reader.slotAt(offset) * SLOT_U32);
      reader.release(count);
      read += count;
    }
    check(read === records && record[0] === 7, `ring: expected ${records} records, was ${read}`);
  };
  return { name: 'bare ring copy', run };
}

export async function tradeBars(results: Results, size: Size): Promise<void> {
  const { frames } = tradeFrames(size === 'full' ? 40_000 : 2500 * MARKETS, MARKETS);
  const own = new OwnBars(frames);
  const wanted = own.bars();
  const tardis = new TardisBars();
  const pipelines = [tardis, await CcxtBars.load(), new PlainBars()];
  for (const pipeline of pipelines) {
    pipeline.prepare();
    for (const frame of frames) pipeline.take(frame);
    pipeline.end();
    compareBars(pipeline.name, pipeline.bars(), wanted);
  }
  const others = pipelines.map((pipeline) => pipelineWay(pipeline, frames, pipeline === tardis ? AIM : undefined));
  const name = 'trade frames to bars';
  const ways: readonly [Way, ...Way[]] = [own.way(), ...others, ringWay(frames.length)];
  const [engine] = bench(results, size, { name, operation: 'frame', operations: frames.length, ways });
  const closed = tardis.closedCount;
  const documented = await measureAsync(async () => {
    const bars = await computedBars(frames);
    check(bars === closed, `tardis-dev's compute(): expected ${closed} bars, was ${bars}`);
  }, size);
  const perFrame = documented.map((ms) => (ms * 1e6) / frames.length);
  results.add(`${name}: tardis-dev, compute()`, 'ns/frame', perFrame);
  results.ratio(`${name}: tardis-dev, compute() / engine, in process`, perFrame, engine, 'tardis-dev, compute()');
}
