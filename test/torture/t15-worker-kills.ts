// T15: threads of shards are ended at any moment, with a journal: state and output are those of a run that nothing
// disturbed, every frame is accounted for, and the other shard does not notice.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../engine/synthetic/random.ts';
import { makeTraffic, NamedProducer } from '../support/recovery-rig.ts';
import { accountBy, EngineUnderTest, type ShardBack, settled } from './engine-under-test.ts';
import { isolationFigures, type Pairs, Probe, pairedWindows } from './probe.ts';
import {
  differingMarkets,
  differingMessages,
  journalFlags,
  RUN_FLAGS,
  undisturbed,
  wholeRun,
} from './recovery-session.ts';
import {
  type Accounting,
  accountOf,
  exactly,
  type Figure,
  type Log,
  percentileOf,
  type Scenario,
  type Size,
  timedAtMost,
  told,
  zeroOf,
} from './scenario.ts';

type Plan = {
  /** Runs that are compared, with so many kills each. */
  readonly rounds: number;
  readonly kills: number;
  readonly frames: number;
  /** Pairs of windows of the probe, with so many kills in each with a fault. */
  readonly pairs: number;
  readonly pairKills: number;
};
const PLANS: Readonly<Record<Size, Plan>> = {
  tiny: { rounds: 1, kills: 3, frames: 2_500, pairs: 1, pairKills: 1 },
  small: { rounds: 2, kills: 20, frames: 15_000, pairs: 3, pairKills: 5 },
  full: { rounds: 4, kills: 45, frames: 35_000, pairs: 5, pairKills: 5 },
};
const WORKERS = 2;
const MARKETS = 8;
const CHECKPOINT_MS = 300;
const BETWEEN_MS = 100;
const WINDOW_MS = 3_000;
const NOTICE_MS_MAX = 50;
const LIVE_MS_MAX = 3_000;

type Sums = { kills: number; underLoad: number; markets: number; messages: number; compared: number; poisoned: number };

/** One run with kills, against one without. */
async function comparedRound(plan: Plan, seed: number, backs: ShardBack[], sums: Sums, log: Log): Promise<Accounting> {
  const random = seededRandom(seed, 'kills');
  const traffic = makeTraffic(seed, MARKETS, plan.frames);
  const expected = await undisturbed(traffic, WORKERS);
  const folder = mkdtempSync(join(tmpdir(), 'millrace-t15-'));
  const flags = ['--workers', String(WORKERS), ...RUN_FLAGS, ...journalFlags(folder, CHECKPOINT_MS)];
  const engine = await EngineUnderTest.start(flags, { isPatient: true });
  try {
    const came = await wholeRun(engine, traffic, 1, async (isOver) => {
      for (let kill = 0; kill < plan.kills; kill++) {
        await sleep(random.integer(BETWEEN_MS));
        if (!isOver()) sums.underLoad++;
        backs.push(await engine.terminateShard());
        sums.kills++;
      }
    });
    const { differing, compared, first } = differingMessages(came.told, expected.told);
    if (differing > 0) log(`${differing} of ${compared} differ: ${first}`);
    sums.markets += differingMarkets(came.state, expected.state).length;
    sums.messages += differing;
    sums.compared += compared;
    sums.poisoned += came.stats.recovery.poisonedRecords;
    await engine.stop();
    return accountBy(came.stats);
  } finally {
    await engine.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One shard is ended again and again while the other is measured. */
async function besideKills(
  plan: Plan,
  seed: number,
  backs: ShardBack[],
): Promise<{ pairs: Pairs; wrong: number; sent: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-t15-'));
  const flags = ['--workers', String(WORKERS), ...RUN_FLAGS, ...journalFlags(folder, CHECKPOINT_MS)];
  const engine = await EngineUnderTest.start(flags, { isPatient: true });
  const probe = await Probe.start(engine);
  const traffic = makeTraffic(seed, MARKETS, 1_000_000 / (MARKETS * 4));
  const producer = new NamedProducer('p', traffic.frames, () => engine.ingestPort, 1);
  try {
    const producing = producer.run();
    // Shard 0 is the probe's; what is ended first says which thread is whose.
    while ((await engine.terminateShard()).shard === 0) await sleep(BETWEEN_MS);
    const pairs = await pairedWindows(probe, plan.pairs, WINDOW_MS, async () => {
      const end = sleep(WINDOW_MS);
      for (let kill = 0; kill < plan.pairKills; kill++) {
        backs.push(await engine.terminateShard(true));
        await sleep(BETWEEN_MS);
      }
      await end;
    });
    const { wrong, sent, received } = await probe.finish();
    producer.stop();
    await producing;
    await settled(engine);
    return { pairs, wrong: wrong + sent - received, sent };
  } finally {
    await engine.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

export const scenario: Scenario = {
  id: 'T15',
  title: 'Worker killed mid-message',
  async run(size, seed, log) {
    const plan = PLANS[size];
    const backs: ShardBack[] = [];
    const sums: Sums = { kills: 0, underLoad: 0, markets: 0, messages: 0, compared: 0, poisoned: 0 };
    const accounts: Accounting[] = [];
    for (let round = 0; round < plan.rounds; round++) {
      accounts.push(await comparedRound(plan, seed * 100 + round, backs, sums, log));
      log(`round ${round}: ${JSON.stringify({ ...sums, last: backs.at(-1) })}`);
    }
    const beside = await besideKills(plan, seed, backs);
    const sum = (name: keyof Accounting): number => accounts.reduce((all, account) => all + account[name], 0);
    const times = (name: 'noticedMs' | 'recoveredMs'): number[] =>
      backs.map((back) => back[name] ?? Number.POSITIVE_INFINITY);
    const figures: Figure[] = [
      zeroOf('markets that differ from the undisturbed run', sums.markets, plan.rounds * MARKETS),
      zeroOf('messages that differ from those of the undisturbed run', sums.messages, sums.compared),
      exactly(
        'shards that came back with their state',
        backs.filter(({ isRebuilt }) => isRebuilt).length,
        backs.length,
        `of ${backs.length}`,
      ),
      zeroOf('records taken for poison', sums.poisoned, sums.kills),
      told('kills while frames came', sums.underLoad, `of ${sums.kills}`),
      timedAtMost(size, 'time to notice, p99', percentileOf(times('noticedMs'), 0.99), NOTICE_MS_MAX, 'ms'),
      told('time until the shard was back, p50', percentileOf(times('recoveredMs'), 0.5), 'ms'),
      timedAtMost(
        size,
        'time until the shard was back, p99',
        percentileOf(times('recoveredMs'), 0.99),
        LIVE_MS_MAX,
        'ms',
      ),
      zeroOf('messages of the other shard lost, twice or out of order', beside.wrong, beside.sent),
      ...isolationFigures(size, 'the other shard', beside.pairs),
    ];
    return {
      injected: backs.length,
      detected: backs.length,
      falseAlarms: null,
      figures,
      accounting: accountOf(sum('received'), {
        ...{ applied: sum('applied'), duplicate: sum('duplicate'), stale: sum('stale') },
        ...{ invalid: sum('invalid'), shed: sum('shed'), inFlight: sum('inFlight') },
      }),
      knownHoles: [
        'Threads that end without a word, twice in a row amid records of one market and one commit, are taken to have died of poison; where both ends came from outside that is a false alarm. Here the recovery is told that they did.',
      ],
      notes: [
        `${plan.rounds} runs of ${plan.frames} frames over ${MARKETS} markets and ${WORKERS} shards, some 900 frames/s; checkpoints each ${CHECKPOINT_MS} ms.`,
        `Threads are ended from outside (worker.terminate()) up to ${BETWEEN_MS} ms after the one before is back.`,
        'The other shard is measured by 500 trades/s from another process; the machine’s cores are shared with it and with the rebuilding.',
      ],
    };
  },
};
