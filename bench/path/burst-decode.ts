// What does a frame cost the ingress thread behind the socket: copy, scan, records, commit?
//
//   prepared ArrayBuffers ──► Burst.add() … flush() ──ring──► emptied at once
//
// CPU time of the process, which does nothing else. One buffer is detached first, as uWebSockets.js does to each: from
// then on V8 checks every access to a view (decisions/0012). Every frame must be applied.

import { EngineClock, takeAnchor } from '../../engine/base/clock.ts';
import { Burst } from '../../engine/ingress/burst.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FrameWriter } from '../../engine/ingress/frame-writer.ts';
import { Session } from '../../engine/ingress/session.ts';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { MarketDirectory } from '../../engine/route/markets.ts';
import { COMMIT_FRAMES_MAX } from '../../schemas/config.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import { check, type Results, type Size } from '../harness.ts';
import { depthFrames, tradeFrames, type Workload } from '../workloads.ts';
import { batchFrames } from '../workloads-batch.ts';

const MARKETS = 8;

class Subject {
  private readonly memory = createEngineMemory({ shards: 1, marketsMax: MARKETS }, takeAnchor());
  private readonly burst: Burst;
  private readonly session: Session;
  private readonly reader = new RingReader(this.memory.shards[0].input);
  private readonly frames: readonly ArrayBuffer[];
  private passes = 0;

  constructor(dialect: 'binance' | 'flatbuffers', workload: Workload) {
    const writer = new FrameWriter(this.memory, new EngineClock(this.memory.anchor), 'block');
    const markets = new MarketDirectory(this.memory);
    this.burst = new Burst(writer);
    this.session = new Session(dialect, DECODERS[dialect], writer, markets, MARKETS, () => undefined);
    this.frames = workload.frames.map((frame) => Uint8Array.from(frame).buffer);
  }

  pass(): void {
    const { burst, session, frames } = this;
    for (let i = 0; i < frames.length; i++) {
      burst.add(session, frames[i]);
      if (i % COMMIT_FRAMES_MAX === COMMIT_FRAMES_MAX - 1) this.flush();
    }
    this.flush();
    this.passes++;
  }

  private flush(): void {
    this.burst.flush();
    this.reader.release(this.reader.available());
  }

  /** Nanoseconds of CPU time per frame over `passes` of all frames. */
  measure(passes: number): number {
    const before = process.cpuUsage();
    for (let i = 0; i < passes; i++) this.pass();
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / (passes * this.frames.length);
  }

  isWhole(): boolean {
    const counters = new Float64Array(this.memory.ingressCounters);
    return counters[ingressCounter.applied] === this.passes * this.frames.length;
  }
}

export async function burstDecode(results: Results, size: Size): Promise<void> {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  const [repeats, passes] = size === 'full' ? [15, 200] : [1, 1];
  const cases = [
    { name: 'trade frame', unit: 'ns/frame', dialect: 'binance', workload: tradeFrames(3200, MARKETS) },
    { name: '16-level depth frame', unit: 'ns/frame', dialect: 'binance', workload: depthFrames(640, MARKETS) },
    { name: 'batch of trades', unit: 'ns/update', dialect: 'flatbuffers', workload: batchFrames(32, MARKETS) },
  ] as const;
  for (const { name, unit, dialect, workload } of cases) {
    const subject = new Subject(dialect, workload);
    subject.measure(passes);
    const per = unit === 'ns/update' ? workload.updatesPerFrame : 1;
    const values = Array.from({ length: repeats }, () => subject.measure(passes / (size === 'full' ? 20 : 1)) / per);
    check(subject.isWhole(), `${name}: expected every frame applied`);
    results.add(`${name}: copy, scan, records and commit`, unit, values);
  }
}
