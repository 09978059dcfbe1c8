// How much dearer than our scanners is JSON.parse on the same bytes?
//
//   frame bytes ──► decoder ──► ring records          (ours)
//   frame bytes ──► TextDecoder, JSON.parse [, Number] (baseline: what every JSON pipeline pays at least)
//
// tinybench runs both in turn; ratios are taken repeat by repeat.

import { Bench } from 'tinybench';
import { BinanceDecoder } from '../../engine/venues/binance/decode.ts';
import { check, type Results, type Size } from '../harness.ts';
import { decodeAll, RecordBuffer, stageOf } from '../support/record-buffer.ts';
import { depthFrames, tradeFrames, type Workload } from '../workloads.ts';

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

async function compare(
  results: Results,
  size: Size,
  workload: Workload,
  baseline: (frames: readonly Uint8Array[]) => number,
  aim: string,
  name: string,
): Promise<void> {
  const sink = new RecordBuffer();
  const decoder = new BinanceDecoder(sink, 'binance');
  const stage = stageOf(workload.frames);
  check(decodeAll(decoder, sink, stage) === workload.frames.length, `${name}: expected every frame applied`);
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
      decodeAll(decoder, sink, stage);
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
