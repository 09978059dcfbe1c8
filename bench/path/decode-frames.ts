// How much dearer than our scanners is JSON.parse on the same bytes?
//
//   frame bytes ──► decoder ──► ring records          (ours)
//   frame bytes ──► TextDecoder, JSON.parse [, Number] (baseline: what every JSON pipeline pays at least)
//
// tinybench runs both in turn; ratios are taken repeat by repeat.

import { Bench } from 'tinybench';
import type { FrameDecoder, RecordSink } from '../../engine/decode/sink.ts';
import { BinanceDecoder } from '../../engine/venues/binance/decode.ts';
import { RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES } from '../../schemas/layout.ts';
import { check, type Results, type Size } from '../harness.ts';
import { depthFrames, tradeFrames, type Workload } from '../workloads.ts';

const SLOTS = 1 << 16;

/** A sink with the cost of a ring's claim and nothing behind it. */
class BenchSink implements RecordSink {
  readonly u8 = new Uint8Array(SLOTS * SLOT_BYTES);
  readonly u16 = new Uint16Array(this.u8.buffer);
  readonly u32 = new Uint32Array(this.u8.buffer);
  readonly f64 = new Float64Array(this.u8.buffer);
  readonly frame = new Float64Array(1);
  next = 0;
  levels = 0;
  trades = 0;

  market(bytes: Uint8Array, from: number, to: number): number {
    let hash = 0;
    for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
    return hash & 7;
  }

  marketOfVenue(bytes: Uint8Array, _venueFrom: number, _venueTo: number, from: number, to: number): number {
    return this.market(bytes, from, to);
  }

  claim(market: number, type: number): number {
    const slot = this.next;
    this.next = (this.next + 1) & (SLOTS - 1);
    this.u32[slot * 16] = type | (market << 16);
    this.u32[slot * 16 + 1] = 0;
    if (type === RecordType.level) this.levels++;
    else if (type === RecordType.trade) this.trades++;
    return slot;
  }
}

type Level = [string, string];
type Depth = { data: { b: Level[]; a: Level[] } };

const text = new TextDecoder();

function parse(frames: readonly Uint8Array[]): number {
  let fields = 0;
  for (const frame of frames) fields += (JSON.parse(text.decode(frame)) as object) === null ? 0 : 1;
  return fields;
}

function parseLevels(frames: readonly Uint8Array[]): number {
  let total = 0;
  for (const frame of frames) {
    const { data } = JSON.parse(text.decode(frame)) as Depth;
    for (const [price, quantity] of data.b) total += Number(price) + Number(quantity);
    for (const [price, quantity] of data.a) total += Number(price) + Number(quantity);
  }
  return total;
}

/** Frames as a burst holds them: one after the other in one buffer, with one view on it (engine/ingress/burst.ts). */
type Stage = { readonly view: DataView; readonly bytes: Uint8Array; readonly ends: Int32Array };

function stageOf(frames: readonly Uint8Array[]): Stage {
  const bytes = Uint8Array.from(frames.flatMap((frame) => [...frame]));
  const ends = new Int32Array(frames.length);
  let end = 0;
  for (let i = 0; i < frames.length; i++) {
    end += frames[i].length;
    ends[i] = end;
  }
  return { view: new DataView(bytes.buffer), bytes, ends };
}

/** As a session does: in words where the frame is in the venue's own writing, else as any JSON. */
function decodeAll(decoder: FrameDecoder, { view, bytes, ends }: Stage): number {
  let applied = 0;
  let from = 0;
  for (let i = 0; i < ends.length; i++) {
    let result = decoder.decodeInOrder?.(view, from, ends[i]) ?? 0;
    if (result === 0) result = decoder.decode(bytes.subarray(from, ends[i]), ends[i] - from);
    if (result === 1) applied++;
    from = ends[i];
  }
  return applied;
}

async function compare(
  results: Results,
  size: Size,
  workload: Workload,
  baseline: (frames: readonly Uint8Array[]) => number,
  aim: string,
  name: string,
): Promise<void> {
  const sink = new BenchSink();
  const decoder = new BinanceDecoder(sink, 'binance');
  const stage = stageOf(workload.frames);
  check(decodeAll(decoder, stage) === workload.frames.length, `${name}: expected every frame applied`);
  const wanted = workload.updatesPerFrame === 1 ? sink.trades : sink.levels;
  check(wanted === workload.frames.length * workload.updatesPerFrame, `${name}: expected every update, was ${wanted}`);
  const repeats = size === 'full' ? 5 : 1;
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const bench = new Bench({
      time: size === 'full' ? 500 : 1,
      warmupTime: size === 'full' ? 200 : 0,
      iterations: 1,
      warmupIterations: 1,
    });
    bench.add('ours', () => {
      decodeAll(decoder, stage);
    });
    bench.add('theirs', () => {
      baseline(workload.frames);
    });
    await bench.run();
    const rate = (index: number): number => {
      const result = bench.tasks[index].result;
      if (result.state !== 'completed') throw new Error(`${name}: expected a completed task, was ${result.state}`);
      return (workload.frames.length * 1000) / result.latency.p50;
    };
    ours.push(rate(0));
    theirs.push(rate(1));
  }
  results.add(`${name}: decode to records`, 'frames/s', ours);
  results.add(`${name}: baseline`, 'frames/s', theirs);
  results.ratio(
    `${name}: decode / baseline`,
    ours,
    theirs,
    workload.updatesPerFrame === 1 ? 'JSON.parse' : 'JSON.parse + Number',
    aim,
  );
}

export async function decodeFrames(results: Results, size: Size): Promise<void> {
  const count = size === 'full' ? 2000 : 50;
  await compare(results, size, tradeFrames(count, 8), parse, '≥ 6', 'Binance trade frame');
  await compare(results, size, depthFrames(count, 8), parseLevels, '≥ 5', 'Binance 16-level depth frame');
}
