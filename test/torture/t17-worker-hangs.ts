// T17: a shard that never returns is replaced by its missing heartbeat; one that pauses may only delay.

import { SHARD_STUCK_MS, SUPERVISE_MS } from '../../schemas/config.ts';
import { EngineUnderTest, Harm, settled } from './engine-under-test.ts';
import { Pusher } from './fault-runs.ts';
import { Probe } from './probe.ts';
import { exactly, type Scenario, timedAtMost, zeroOf } from './scenario.ts';

const HANGS = { tiny: 1, small: 2, full: 5 } as const;

export const scenario: Scenario = {
  id: 'T17',
  title: 'Worker hangs',
  async run(size, _seed, log) {
    const engine = await EngineUnderTest.start(['--workers', '2'], { isPatient: true });
    const probe = await Probe.start(engine, 200);
    const pusher = await Pusher.open(engine, 'H');
    let highestHeld = 0;
    const watch = setInterval(async () => {
      const { rings } = await engine.stats().catch(() => ({ rings: [] }));
      for (const { ring, held, slots } of rings)
        if (ring === 'input') highestHeld = Math.max(highestHeld, held / slots);
    }, 100);
    // A pause shorter than the limit: all is applied after it, and no shard dies.
    const pauses = HANGS[size];
    for (let time = 0; time < pauses; time++) {
      pusher.trade(Harm.pause);
      for (let i = 0; i < 100; i++) pusher.trade();
      const { sent } = pusher;
      await engine.statsWhen('all after the pause', ({ total }) => total['tradeRecords'] >= sent);
    }
    const paused = await engine.stats();
    const noticed: number[] = [];
    for (const harm of [Harm.hang, Harm.longPause]) {
      for (let time = 0; time < HANGS[size]; time++) {
        const before = (await engine.stats()).recovery.deaths['stuck'];
        const beganMs = performance.now();
        pusher.trade(harm);
        await engine.statsWhen('a stuck shard', ({ recovery }) => recovery.deaths['stuck'] > before);
        noticed.push(performance.now() - beganMs);
        await engine.statsWhen('the shard is back', ({ recovery }) => recovery.lastDeaths.at(-1)?.recoveredMs !== null);
        pusher.trade();
      }
    }
    clearInterval(watch);
    const { wrong, sent, received } = await probe.finish();
    const stats = await settled(engine);
    await pusher.close();
    await engine.stop();
    log(JSON.stringify({ noticed, highestHeld, deaths: stats.recovery.deaths }));
    const hangs = 2 * HANGS[size];
    return {
      injected: pauses + hangs,
      detected: stats.recovery.deaths['stuck'],
      falseAlarms: paused.recovery.deaths['stuck'],
      figures: [
        zeroOf('shards replaced for a pause of 1.5 s', paused.recovery.deaths['stuck'], pauses),
        exactly('shards replaced that hang or pause for 30 s', stats.recovery.deaths['stuck'], hangs, `of ${hangs}`),
        timedAtMost(
          size,
          'longest time until one was noticed',
          Math.max(...noticed),
          SHARD_STUCK_MS + 4 * SUPERVISE_MS,
          'ms',
        ),
        timedAtMost(size, 'highest fill of an input ring', highestHeld, 1, 'of its slots'),
        zeroOf('messages of the other shard lost, twice or out of order', wrong + sent - received, sent),
      ],
      accounting: null,
      knownHoles: [],
      notes: [
        `A shard is stuck after ${SHARD_STUCK_MS} ms without a heartbeat, seen at looks ${SUPERVISE_MS} ms apart; a pause of 2 s is therefore at the limit, and 1.5 s is what may only delay.`,
      ],
    };
  },
};
