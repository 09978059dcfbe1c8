// T39: a disk that is full, slow, or fails: market data goes on, the journal says so, waits in bounds, and goes on by itself.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { JOURNAL_RING_BYTES } from '../../schemas/config.ts';
import { makeTraffic, NamedProducer } from '../support/recovery-rig.ts';
import { type DiskFault, type EngineStats, EngineUnderTest, settled } from './engine-under-test.ts';
import { isolationFigures, Probe, pairedWindows } from './probe.ts';
import { differingMarkets, journalFlags, RUN_FLAGS, stateNow } from './recovery-session.ts';
import { atMost, exactly, type Figure, percentileOf, type Scenario, timedAtMost, told, zeroOf } from './scenario.ts';

type Fault = Omit<DiskFault, 'folder'> & { readonly name: string };
const FAULTS: readonly Fault[] = [
  { name: 'ENOSPC after a short write', code: 'ENOSPC' },
  { name: 'EFBIG after a short write', code: 'EFBIG' },
  { name: 'EIO', code: 'EIO' },
  { name: 'EROFS', code: 'EROFS' },
  { name: 'fsync of 5 s', syncMs: 5_000 },
  { name: 'no file handles', code: 'EMFILE' },
];
const TIMES = { tiny: 1, small: 1, full: 2 } as const;
const WINDOW_MS = { tiny: 1_200, small: 3_000, full: 3_000 } as const;
const FAULTS_OF = { tiny: 2, small: FAULTS.length, full: FAULTS.length } as const;
const RESUME_MS_MAX = 5_000;
const MARKETS = 6;

const stateOf = ({ journal }: EngineStats): string => journal?.state ?? 'off';

export const scenario: Scenario = {
  id: 'T39',
  title: 'Disk full, slow, failing',
  async run(size, seed, log) {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-t39-'));
    const journal = join(folder, 'journal');
    const flags = ['--workers', '1', ...RUN_FLAGS, ...journalFlags(journal, 500)];
    const engine = await EngineUnderTest.start(flags, { diskFile: join(folder, 'fault') });
    try {
      const probe = await Probe.start(engine);
      const traffic = makeTraffic(seed, MARKETS, 400_000 / 4);
      const producer = new NamedProducer('p', traffic.frames, () => engine.ingestPort, 1);
      const producing = producer.run();
      const all = { ratios: [] as number[], quietMs: [] as number[], faultMs: [] as number[] };
      const figures: Figure[] = [];
      let [faults, degraded, longestResumeMs] = [0, 0, 0];
      for (const { name, ...fault } of FAULTS.slice(0, FAULTS_OF[size])) {
        let seen = 0;
        for (let time = 0; time < TIMES[size]; time++) {
          let isDegraded = false;
          const pairs = await pairedWindows(probe, 1, WINDOW_MS[size], async () => {
            engine.spoilDisk({ folder: journal, ...fault });
            const end = sleep(WINDOW_MS[size]);
            for (let look = 0; look < 10; look++) {
              await sleep(WINDOW_MS[size] / 12);
              isDegraded ||= stateOf(await engine.stats()) === 'degraded';
            }
            await end;
          });
          engine.spoilDisk(null);
          const beganMs = performance.now();
          await engine.statsWhen('the journal goes on', (stats) => stateOf(stats) === 'on');
          // A call of the system that stands still is not over before its time.
          const resumeMs = Math.max(0, performance.now() - beganMs - (fault.syncMs ?? 0));
          longestResumeMs = Math.max(longestResumeMs, resumeMs);
          faults++;
          if (isDegraded) seen++;
          for (const kind of ['ratios', 'quietMs', 'faultMs'] as const) all[kind].push(...pairs[kind]);
          log(`${name}: ${JSON.stringify({ isDegraded, resumeMs, p99: percentileOf(pairs.faultMs, 0.99) })}`);
        }
        degraded += seen;
        // Without handles, only what opens a file notices: a new segment, a checkpoint.
        figures.push(
          fault.code === 'EMFILE'
            ? told(`${name}: said to be degraded`, seen, `of ${TIMES[size]}`)
            : exactly(`${name}: said to be degraded`, seen, TIMES[size], `of ${TIMES[size]}`),
        );
      }
      producer.stop();
      const { wrong, sent, received } = await probe.finish();
      await producing;
      const stats = await settled(engine);
      await sleep(1_500);
      const before = await stateNow(engine, traffic.markets);
      const { numbers } = (await engine.stats()).journal ?? { numbers: {} as Record<string, number> };
      await engine.kill();
      const again = await EngineUnderTest.start(flags);
      const later = await stateNow(again, traffic.markets);
      await again.stop();
      log(JSON.stringify({ numbers, differing: differingMarkets(before, later) }));
      return {
        injected: faults,
        detected: degraded,
        falseAlarms: null,
        figures: [
          ...figures,
          timedAtMost(size, 'longest time until the journal went on by itself', longestResumeMs, RESUME_MS_MAX, 'ms'),
          atMost('bytes that waited for the disk at most', numbers['bufferBytesMost'], 2 * JOURNAL_RING_BYTES, 'bytes'),
          told('entries missed, and listed as holes', numbers['missed'], ''),
          zeroOf(
            'markets that a process after kill -9 comes to otherwise',
            differingMarkets(before, later).length,
            MARKETS,
          ),
          zeroOf('messages lost, twice or out of order', wrong + sent - received, sent),
          told(
            'changes and trades applied beside',
            stats.total['bookChanges'] + stats.total['tradeRecords'] - received - 1,
            '',
          ),
          ...isolationFigures(size, 'market data', all),
        ],
        accounting: null,
        knownHoles: [],
        notes: [
          `Each fault ${TIMES[size]} times for ${WINDOW_MS[size] / 1_000} s, in the calls of the journal’s thread; 500 trades/s measured and some 900 frames/s beside; sync policy interval.`,
        ],
      };
    } finally {
      await engine.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
