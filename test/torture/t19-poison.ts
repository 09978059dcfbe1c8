// T19: records that end each shard that applies them: after the second death left out and kept, and the shard goes on.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/live-engine.ts';
import { EngineUnderTest, Harm, settled } from './engine-under-test.ts';
import { Pusher } from './fault-runs.ts';
import { Probe } from './probe.ts';
import { journalFlags } from './recovery-session.ts';
import { atMost, exactly, type Scenario, zeroOf } from './scenario.ts';

const POISONS = { tiny: 1, small: 4, full: 10 } as const;
const RESTARTS_PER_POISON_MAX = 2;

export const scenario: Scenario = {
  id: 'T19',
  title: 'Poison message',
  async run(size, _seed, log) {
    const poisons = POISONS[size];
    const folder = mkdtempSync(join(tmpdir(), 'millrace-t19-'));
    const flags = ['--workers', '2', ...journalFlags(folder, 1_000)];
    const engine = await EngineUnderTest.start(flags, { isPatient: true });
    try {
      const probe = await Probe.start(engine, 200);
      // Markets in turn are of shards 1, 0, 1, 0 …; each second one is to be of shard 1.
      const pushers: Pusher[] = [];
      for (let i = 0; i < 2 * poisons; i++) {
        pushers.push(await Pusher.open(engine, `M${i}`));
        await engine.statsWhen('the market', ({ total }) => total['tradeRecords'] >= i + 1);
      }
      const hurt = pushers.filter((_, i) => i % 2 === 0);
      for (const [index, pusher] of hurt.entries()) {
        pusher.trade(Harm.throw);
        pusher.trade();
        await engine.statsWhen('isolated', ({ recovery }) => recovery.poisonedRecords === index + 1);
        await engine.statsWhen('back', ({ recovery }) => recovery.lastDeaths.at(-1)?.recoveredMs !== null);
      }
      const { wrong, sent, received } = await probe.finish();
      const stats = await settled(engine);
      const letters = await eventually('kept frames', () => {
        const lines = readFileSync(join(folder, 'dead-letter.ndjson'), 'utf8').trim().split('\n');
        return lines.length < poisons
          ? null
          : lines.map((line) => JSON.parse(line) as { category: string; frame: string });
      });
      const applied = stats.total['tradeRecords'] - received - 1;
      const before = stats.recovery.deaths;
      await engine.kill();
      const again = await EngineUnderTest.start(flags, { isPatient: true });
      const later = (await again.stats()).recovery.deaths['throw'];
      await again.stop();
      log(JSON.stringify({ before, applied, later, letters: letters.length }));
      const kept = letters.filter(
        ({ category, frame }) => category === 'poison' && frame.includes(String(Harm.throw)),
      ).length;
      return {
        injected: poisons,
        detected: stats.recovery.poisonedRecords,
        falseAlarms: stats.recovery.poisonedRecords - poisons,
        figures: [
          exactly('poison frames isolated', stats.recovery.poisonedRecords, poisons, `of ${poisons}`),
          atMost('deaths per poison frame', before['throw'] / poisons, RESTARTS_PER_POISON_MAX, ''),
          exactly('poison frames kept, with their bytes', kept, poisons, `of ${poisons}`),
          exactly('trades before and after them applied', applied, 3 * poisons, `of ${3 * poisons}`),
          zeroOf('deaths of the next process that recovers over them', later, poisons),
          zeroOf('messages of the other shard lost, twice or out of order', wrong + sent - received, sent),
        ],
        accounting: null,
        knownHoles: [
          'Without a journal the batch in hand is left out at the first death, so no frame is met twice; its first record is kept.',
        ],
        notes: ['Each in a market of its own; the market is resynced with reason poison, as a test of recovery holds.'],
      };
    } finally {
      await engine.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
