// T16: shards that die by themselves, in each way there is: recognised, counted, begun again with growing waits, and given
// up after five within a minute; the process lives, and the other shard goes on.

import { RESTART_DELAY_MS, SHARD_RESTARTS_MAX } from '../../schemas/config.ts';
import { eventually } from '../support/live-engine.ts';
import { EngineUnderTest, Harm } from './engine-under-test.ts';
import { Pusher } from './fault-runs.ts';
import { Probe } from './probe.ts';
import { atLeast, exactly, type Figure, type Log, type Scenario, told, zeroOf } from './scenario.ts';

const KINDS = ['throw', 'rejection', 'exit', 'out-of-memory', 'stack-overflow'] as const;
type Kind = (typeof KINDS)[number];
const EACH = { tiny: 1, small: 4, full: 8 } as const;
const HEAP_MEBIBYTES = 64;
/** A rejection that nobody waits for is seen when the shard next turns to its event loop; it does so only when it ends. */
const SEEN: readonly Kind[] = KINDS.filter((kind) => kind !== 'rejection');

type Deaths = {
  readonly recognised: number;
  readonly back: number;
  readonly noticedMs: number;
  readonly wrong: number;
  readonly sent: number;
};

/** Each kind so many times, in an engine that never gives up. */
async function dying(
  each: number,
  log: Log,
): Promise<{ byKind: Map<Kind, number>; deaths: Deaths; hasEnded: boolean }> {
  const engine = await EngineUnderTest.start(['--workers', '2'], {
    isPatient: true,
    nodeFlags: [`--max-old-space-size=${HEAP_MEBIBYTES}`],
  });
  const probe = await Probe.start(engine, 200);
  const pusher = await Pusher.open(engine, 'H');
  const byKind = new Map<Kind, number>();
  const sum = { recognised: 0, back: 0, noticedMs: 0 };
  for (const kind of SEEN) {
    for (let time = 0; time < each; time++) {
      const before = (await engine.stats()).recovery.deaths[kind];
      pusher.trade(Harm[kind]);
      await engine.statsWhen(`a death by ${kind}`, ({ recovery }) => recovery.deaths[kind] > before);
      byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
      sum.recognised++;
      const stats = await engine.statsWhen(
        'the shard is back',
        ({ recovery }) => recovery.lastDeaths.at(-1)?.recoveredMs !== null,
      );
      sum.back++;
      sum.noticedMs = Math.max(sum.noticedMs, stats.recovery.lastDeaths.at(-1)?.noticedMs ?? 0);
      pusher.trade();
    }
    log(`${kind}: ${byKind.get(kind)}`);
  }
  const { wrong, sent, received } = await probe.finish();
  const { hasEnded } = engine;
  await pusher.close();
  await engine.stop();
  return { byKind, deaths: { ...sum, wrong: wrong + sent - received, sent }, hasEnded };
}

/** Rejections alone: whether they end the shard, and whether anything comes to harm. */
async function rejecting(times: number): Promise<{ seen: number; applied: number }> {
  const engine = await EngineUnderTest.start(['--workers', '2'], { isPatient: true });
  const pusher = await Pusher.open(engine, 'R');
  for (let time = 0; time < times; time++) {
    pusher.trade(Harm.rejection);
    pusher.trade();
  }
  const { recovery, total } = await engine.statsWhen(
    'all applied',
    (stats) => stats.total['tradeRecords'] + stats.total['duplicates'] >= pusher.sent,
  );
  await pusher.close();
  await engine.stop();
  return { seen: recovery.deaths['rejection'], applied: total['tradeRecords'] };
}

/** Deaths one after the other, as often as it takes to be given up. */
async function givenUp(): Promise<{ deaths: number; waitsMs: number[]; health: string; isServed: boolean }> {
  const engine = await EngineUnderTest.start(['--workers', '2']);
  const healthy = await Pusher.open(engine, 'A');
  const pusher = await Pusher.open(engine, 'H');
  const waitsMs: number[] = [];
  for (;;) {
    const { deaths } = (await engine.stats()).recovery;
    pusher.trade(Harm.throw);
    const { recovery } = await engine.statsWhen(
      'one more death',
      (stats) => stats.recovery.deaths['throw'] > deaths['throw'],
    );
    if (recovery.givenUpShards.length > 0) break;
    const stats = await engine.statsWhen('back', (each) => each.recovery.lastDeaths.at(-1)?.recoveredMs !== null);
    waitsMs.push(stats.recovery.lastDeaths.at(-1)?.recoveredMs ?? 0);
  }
  const { status } = await engine.get<{ status: string }>('/health');
  const before = (await engine.stats()).total['tradeRecords'];
  healthy.trade();
  const isServed = await eventually(
    'the other shard',
    async () => (await engine.stats()).total['tradeRecords'] > before,
  );
  const { recovery } = await engine.stats();
  await Promise.all([healthy.close(), pusher.close()]);
  await engine.stop();
  return { deaths: recovery.deaths['throw'], waitsMs, health: status, isServed };
}

export const scenario: Scenario = {
  id: 'T16',
  title: 'Worker dies by itself',
  async run(size, _seed, log) {
    const each = EACH[size];
    const { byKind, deaths, hasEnded } = await dying(each, log);
    const rejections = await rejecting(each);
    const end = await givenUp();
    log(JSON.stringify({ deaths, rejections, end }));
    const figures: Figure[] = SEEN.map((kind) =>
      exactly(`${kind}: deaths recognised as such`, byKind.get(kind) ?? 0, each, `of ${each}`),
    );
    figures.push(
      told('rejection: deaths recognised as such', rejections.seen, `of ${each}`),
      exactly('rejection: trades applied all the same', rejections.applied, each + 2, ''),
      zeroOf('ends of the process', hasEnded ? 1 : 0, deaths.recognised),
      zeroOf('messages of the other shard lost, twice or out of order', deaths.wrong, deaths.sent),
      exactly('deaths within a minute after which the shard is given up', end.deaths, SHARD_RESTARTS_MAX + 1, ''),
      exactly('health is failed then', end.health === 'failed' ? 1 : 0, 1, ''),
      exactly('the other shard is served then', end.isServed ? 1 : 0, 1, ''),
      atLeast(
        'wait before the last start',
        end.waitsMs.at(-1) ?? 0,
        RESTART_DELAY_MS * 2 ** (SHARD_RESTARTS_MAX - 2),
        'ms',
      ),
      told('longest time since the last heartbeat seen, at a death', deaths.noticedMs, 'ms'),
    );
    return {
      injected: deaths.recognised + rejections.seen + end.deaths,
      detected: deaths.recognised + rejections.seen + end.deaths,
      falseAlarms: null,
      figures,
      accounting: null,
      knownHoles: [
        'A shard never returns to its event loop while it runs, so a rejected promise that nobody waits for does no harm there and is not seen.',
      ],
      notes: [
        `Heap of ${HEAP_MEBIBYTES} MiB for each thread; without a journal, so the batch in hand is lost and its markets are resyncing.`,
      ],
    };
  },
};
