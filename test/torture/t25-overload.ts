// T25: more than the engine can apply, two, five and ten times as much, and then a tenth of it: what is taken is applied,
// the rest is held back, and it is over soon after.

import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { INPUT_RING_SLOTS } from '../../schemas/config.ts';
import { type EngineStats, EngineUnderTest, settled } from './engine-under-test.ts';
import type { Offered, OverloadOrder } from './overload-child.ts';
import { Probe } from './probe.ts';
import { accountOf, atLeast, type Figure, percentileOf, type Scenario, timedAtMost, told, zeroOf } from './scenario.ts';

const CHILD = fileURLToPath(new URL('overload-child.ts', import.meta.url));
const LOADER = new URL('../support/typescript.mjs', import.meta.url).href;
const WINDOW_MS = { tiny: 800, small: 4_000, full: 10_000 } as const;
/** What a trade costs the shard: so that ten times its rate is less than what a process can send. */
const SLOW_NS = 20_000;
const MULTIPLES = { tiny: [10], small: [2, 5, 10], full: [2, 5, 10] } as const;
const GOODPUT_LEAST = 0.8;
/** A ring may be full of trades when the flood ends: what they take, and the bound of RELIABILITY. */
const BASELINE_MS_MAX = (INPUT_RING_SLOTS * SLOW_NS) / 1e6 + 5_000;
/** Far above what the shard applies, to find what that is. */
const SATURATING_PER_S = 200_000;

class Flood {
  private readonly child;
  readonly ready: Promise<unknown>;

  constructor(port: number) {
    this.child = fork(CHILD, [String(port)], { execArgv: ['--import', LOADER] });
    this.ready = new Promise((resolve) => this.child.once('message', resolve));
  }

  offer(order: OverloadOrder): Promise<Offered> {
    return new Promise((resolve) => {
      this.child.once('message', (offered) => resolve(offered as Offered));
      this.child.send(order);
    });
  }

  end(): void {
    this.child.send('end');
  }
}

const appliedBy = ({ total }: EngineStats): number => total['tradeRecords'];

export const scenario: Scenario = {
  id: 'T25',
  title: 'Overload',
  async run(size, _seed, log) {
    const engine = await EngineUnderTest.start(['--workers', '1'], { slowNs: SLOW_NS });
    const probe = await Probe.start(engine, 50);
    const flood = new Flood(engine.ingestPort);
    await flood.ready;
    const forMs = WINDOW_MS[size];
    let [sent, rssMost] = [0, 0];
    /** Trades a second that are applied while more is offered. */
    const goodput = async (ratePerS: number): Promise<{ perS: number; offeredPerS: number }> => {
      const before = appliedBy(await engine.stats());
      const beganMs = performance.now();
      const offering = flood.offer({ ratePerS, forMs });
      await sleep(forMs);
      const perS = (appliedBy(await engine.stats()) - before) / ((performance.now() - beganMs) / 1_000);
      const offered = await offering;
      sent += offered.sent;
      rssMost = Math.max(rssMost, engine.rssBytes);
      return { perS, offeredPerS: (offered.due / forMs) * 1_000 };
    };
    await sleep(1_000);
    const baseline = percentileOf((await probe.window()).latenciesMs, 0.99);
    const { perS: capacity } = await goodput(SATURATING_PER_S);
    await settled(engine);
    const rss = engine.rssBytes;
    const figures: Figure[] = [told('S: trades a second applied at saturation', Math.round(capacity), '/s')];
    let longestBackMs = 0;
    for (const times of MULTIPLES[size]) {
      await probe.window();
      const { perS, offeredPerS } = await goodput(capacity * times);
      const endedMs = performance.now();
      const p99 = percentileOf((await probe.window()).latenciesMs, 0.99);
      await engine.statsWhen('empty rings', ({ rings }) => rings.every(({ held }) => held < 1_000));
      const backMs = performance.now() - endedMs;
      longestBackMs = Math.max(longestBackMs, backMs);
      log(`X${times}: ${JSON.stringify({ perS, offeredPerS, p99, backMs })}`);
      figures.push(
        size === 'tiny'
          ? told(`X${times}: goodput by S`, perS / capacity, '')
          : atLeast(`X${times}: goodput by S`, perS / capacity, GOODPUT_LEAST, ''),
        told(`X${times}: offered by S`, offeredPerS / capacity, ''),
        told(`X${times}: p99 of another producer’s trades, from when they were due`, p99, 'ms'),
        told(`X${times}: time until the ring was empty again`, backMs, 'ms'),
      );
    }
    await settled(engine);
    await probe.window();
    sent += (await flood.offer({ ratePerS: capacity / 10, forMs })).sent;
    const after = percentileOf((await probe.window()).latenciesMs, 0.99);
    flood.end();
    const { wrong, sent: probed, received } = await probe.finish();
    const stats = await settled(engine);
    await engine.stop();
    const took = stats.ingress['frames'];
    figures.push(
      timedAtMost(size, 'longest time until the ring was empty again', longestBackMs, BASELINE_MS_MAX, 'ms'),
      told('p99 of the other producer before', baseline, 'ms'),
      told('p99 of the other producer at a tenth of S, after it', after, 'ms'),
      zeroOf('frames sent that the engine does not know of', Math.abs(sent + probed + 1 - took), sent),
      zeroOf('trades of the other producer lost, twice or out of order', wrong + probed - received, probed),
      told('growth of the process meanwhile', rssMost - rss, 'bytes'),
    );
    return {
      injected: sent,
      detected: null,
      falseAlarms: null,
      figures,
      accounting: accountOf(took, { applied: appliedBy(stats), shed: stats.ingress['dropped'] }),
      knownHoles: [
        'Pushed frames are held back, not shed: the p99 of work taken at overload is that of a full ring (262,144 records), so it is not within ten times that of half load.',
      ],
      notes: [
        `Shards take ${SLOW_NS / 1_000} µs a trade, so that ten times their rate can be offered on this machine; ${forMs / 1_000} s each. What the sockets do not take the sender gives up.`,
      ],
    };
  },
};
