// T38: bits flipped, segments missing, swapped, zeroed: nothing wrong is read, later segments are still used, and what is
// missing is told by its range.

import type { JournalDamage } from '../../engine/journal/entry.ts';
import { losesEntries } from '../../engine/journal/journal-reader.ts';
import { seededRandom } from '../../engine/synthetic/random.ts';
import { contentOf, JournalRig, textOf } from '../support/journal-rig.ts';
import { MemoryFolder } from '../support/memory-folder.ts';
import { atMost, type Scenario, told, zeroOf } from './scenario.ts';

const FLIPS = { tiny: 60, small: 1_000, full: 6_000 } as const;
const JOURNAL_BYTES = { tiny: 200_000, small: 1_000_000, full: 1_000_000 } as const;
const SEGMENT_BYTES = 64 * 1024;
const ENTRIES_IN_GROUP = 8;
const MOST_TEXT = 400;

type Judged = { readonly wrong: number; readonly lost: number; readonly untold: number; readonly isNoticed: boolean };

/** A journal of known entries, as files. */
class Damaged {
  readonly texts: string[] = [];
  readonly folder = new MemoryFolder();
  readonly names: readonly string[];
  readonly bytes: number;
  readonly entriesInSegment: number;

  constructor(bytes: number, seed: number) {
    const random = seededRandom(seed, 'journal');
    const rig = new JournalRig(this.folder, { segmentBytes: SEGMENT_BYTES });
    for (let written = 0; written < bytes; ) {
      for (let i = 0; i < ENTRIES_IN_GROUP; i++) {
        const text = `entry ${this.texts.length + 1} `.padEnd(20 + random.integer(MOST_TEXT), '0123456789');
        this.texts.push(text);
        written += text.length;
        rig.frame(text);
      }
      rig.write();
    }
    this.folder.die();
    this.names = this.folder
      .list()
      .filter((name) => name.endsWith('.mrj'))
      .sort();
    this.bytes = this.names.reduce((sum, name) => sum + this.folder.sizeOf(name), 0);
    this.entriesInSegment = Math.ceil((this.texts.length / this.names.length) * 1.5);
  }

  /** What is read now, against what was written. */
  judge(folder = this.folder): Judged {
    const { entries, missing } = contentOf(folder);
    const found = new Set<number>();
    let [wrong, last] = [0, 0];
    for (const entry of entries) {
      if (entry.sequence <= last || textOf(entry) !== this.texts[entry.sequence - 1]) wrong++;
      last = entry.sequence;
      found.add(entry.sequence);
    }
    let [lost, untold] = [0, 0];
    for (let sequence = 1; sequence <= this.texts.length; sequence++) {
      if (found.has(sequence)) continue;
      lost++;
      if (!missing.some((damage) => isIn(damage, sequence))) untold++;
    }
    return { wrong, lost, untold, isNoticed: missing.length > 0 };
  }

  copy(): MemoryFolder {
    const folder = new MemoryFolder();
    for (const name of this.folder.list()) folder.replace(name, this.folder.read(name, 0, this.folder.sizeOf(name)));
    return folder;
  }
}

function isIn(damage: JournalDamage, sequence: number): boolean {
  const { afterSequence, beforeSequence } = damage;
  return afterSequence < sequence && sequence < (beforeSequence ?? Number.POSITIVE_INFINITY) && losesEntries(damage);
}

/** Each is done to a copy, with a segment drawn. */
const WHOLE_FILE: Readonly<Record<string, (folder: MemoryFolder, names: readonly string[], at: number) => void>> = {
  missing: (folder, names, at) => folder.remove(names[at]),
  'all zeros': (folder, names, at) => folder.damage(names[at], (bytes) => void bytes.fill(0)),
  'zeros at its end': (folder, names, at) =>
    folder.damage(names[at], (bytes) => void bytes.fill(0, Math.floor(bytes.length * 0.7))),
  swapped: (folder, names, at) => {
    const other = names[(at + 1) % names.length];
    folder.rename(names[at], 'aside.tmp');
    folder.rename(other, names[at]);
    folder.rename('aside.tmp', other);
  },
};

export const scenario: Scenario = {
  id: 'T38',
  title: 'Journal damage',
  async run(size, seed, log) {
    const random = seededRandom(seed, 'damage');
    const journal = new Damaged(JOURNAL_BYTES[size], seed);
    const sum = { wrong: 0, untold: 0, unnoticed: 0, lostMost: 0, trials: 0 };
    const add = (judged: Judged, mustBeNoticed: boolean): void => {
      sum.trials++;
      sum.wrong += judged.wrong;
      sum.untold += judged.untold;
      if (mustBeNoticed && !judged.isNoticed) sum.unnoticed++;
    };
    for (let flip = 0; flip < FLIPS[size]; flip++) {
      const name = journal.names[random.integer(journal.names.length)];
      const bit = random.integer(journal.folder.sizeOf(name) * 8);
      const turn = (bytes: Uint8Array): void => {
        bytes[bit >> 3] ^= 1 << (bit & 7);
      };
      journal.folder.damage(name, turn);
      const judged = journal.judge();
      journal.folder.damage(name, turn);
      add(judged, true);
      sum.lostMost = Math.max(sum.lostMost, judged.lost);
    }
    let lostByFile = 0;
    for (const [what, damage] of Object.entries(WHOLE_FILE)) {
      for (let at = 0; at < journal.names.length; at++) {
        const folder = journal.copy();
        damage(folder, journal.names, at);
        const judged = journal.judge(folder);
        const isEnd = what === 'missing' && (at === 0 || at === journal.names.length - 1);
        add(isEnd ? { ...judged, untold: 0 } : judged, what !== 'swapped' && !isEnd);
        lostByFile = Math.max(lostByFile, judged.lost);
      }
    }
    log(JSON.stringify({ ...sum, lostByFile, segments: journal.names.length }));
    return {
      injected: sum.trials,
      detected: sum.trials - sum.unnoticed,
      falseAlarms: journal.judge().isNoticed ? 1 : 0,
      figures: [
        zeroOf('damaged entries read as whole ones', sum.wrong, sum.trials),
        zeroOf('damages that were not noticed', sum.unnoticed, sum.trials),
        zeroOf('entries missing and not told', sum.untold, sum.trials),
        atMost('entries lost by one flipped bit (a group of one write)', sum.lostMost, ENTRIES_IN_GROUP, ''),
        atMost('entries lost by one file (those of the file)', lostByFile, journal.entriesInSegment, ''),
        told(
          'size of the journal',
          journal.bytes,
          `bytes in ${journal.names.length} segments, ${journal.texts.length} entries`,
        ),
      ],
      accounting: null,
      knownHoles: [
        'The first or the last segment, missing as a whole, leaves nothing that could tell: the oldest go by the journal’s own bounds, and behind the newest is nothing.',
      ],
      notes: [`${FLIPS[size]} bits drawn; each segment missing, zeroed, zeroed at its end, and swapped with the next.`],
    };
  },
};
