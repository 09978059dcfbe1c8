// T37: a machine that ends at any moment, on a disk in memory that loses, mixes or keeps what was not synced: what was
// promised is there.

import { JournalLives } from '../support/journal-lives.ts';
import { type Scenario, told, zeroOf } from './scenario.ts';

const LIVES = { tiny: 300, small: 10_000, full: 60_000 } as const;
/** Each run is three lives, seven in ten of which end with the machine. */
const LIVES_PER_RUN = 3;

export const scenario: Scenario = {
  id: 'T37',
  title: 'Power loss',
  async run(size, seed, log) {
    const runs = LIVES[size];
    const failures: string[] = [];
    for (let run = 0; run < runs; run++) {
      const each = (seed * 1_000_003 + run) | 0;
      try {
        new JournalLives(each).run();
      } catch (error) {
        failures.push(`seed ${each}: ${error instanceof Error ? error.message : error}`);
      }
    }
    for (const failure of failures.slice(0, 5)) log(failure);
    return {
      injected: runs * LIVES_PER_RUN,
      detected: null,
      falseAlarms: null,
      figures: [
        zeroOf('runs in which something promised was missing, wrong or untold', failures.length, runs),
        told('lives ended, by the machine or the process', runs * LIVES_PER_RUN, ''),
      ],
      accounting: null,
      knownHoles: [
        'A failed fsync is told by the system once; what the process after it cannot know is not counted as promised.',
        ...failures.slice(0, 3),
      ],
      notes: [
        'All three sync policies, small segments, checkpoints, EIO, ENOSPC, EROFS and short writes on the way; virtual time.',
      ],
    };
  },
};
