// Settings of the journal, the checkpoints beside it, and the dead letters.

import {
  CHECKPOINT_MS,
  JOURNAL_AGE_MS_MAX,
  JOURNAL_BYTES_LEAST,
  JOURNAL_BYTES_MAX,
  JOURNAL_SYNC_MS,
} from '../../schemas/config.ts';
import { choice, duration, size, text } from './kinds.ts';
import { setting, unset } from './setting.ts';

const HOUR_MS = 3_600_000;
const CENTURY_MS = 36_500 * 24 * HOUR_MS;

export const JOURNAL_SETTINGS = {
  journal: unset(text('dir', 'a folder; made where there is none'), {
    group: 'journal',
    meaning: 'a folder to write all input down in, and to begin from what is there',
    when: 'In production: a process that ends in whatever way comes back to its state, and the input can be replayed. One engine uses a folder at a time.',
    more: 'What is kept is told in [operations](operations.md#journal-and-recovery).',
  }),
  journalSync: setting(choice(['none', 'interval', 'always'], 'policy'), 'interval', {
    group: 'journal',
    meaning: 'when the disk is waited for: none, interval or always',
    when: 'Set `always` where named producers must not lose what was acknowledged to them, even in a power cut; `none` on a slow disk.',
  }),
  journalSyncInterval: setting(duration(1, HOUR_MS), JOURNAL_SYNC_MS, {
    group: 'journal',
    meaning: 'how often the disk is waited for with the policy interval',
    when: 'It is what a power cut can lose: lower it to lose less, raise it on a slow disk.',
  }),
  journalBytes: setting(size(JOURNAL_BYTES_LEAST, Number.MAX_SAFE_INTEGER), JOURNAL_BYTES_MAX, {
    group: 'journal',
    meaning: 'the journal keeps at most this much, such as 512MiB',
    when: 'To fit the disk, with room for two checkpoints beside it; raise it to replay and export further back.',
  }),
  journalAge: setting(duration(1000, CENTURY_MS), JOURNAL_AGE_MS_MAX, {
    group: 'journal',
    meaning: 'the journal keeps nothing older than this, unless recovery needs it',
    when: 'As `journalBytes`: whichever is reached first lets the oldest segment go.',
  }),
  checkpointInterval: setting(duration(100, 24 * HOUR_MS), CHECKPOINT_MS, {
    group: 'journal',
    meaning: 'how often the state is written down beside the journal',
    when: 'Lower it to come back faster; raise it where thousands of deep books make the checkpoint itself a load on the disk.',
  }),
  deadLetter: unset(text('file', 'a file; at most 16 MiB, twice'), {
    group: 'journal',
    meaning: 'a file for frames that could not be decoded, as NDJSON',
    when: 'To look into refused frames without a journal, or to have them elsewhere.',
    more: 'What its lines hold is told under [dead letters](operations.md#dead-letters).',
    usual: "`dead-letter.ndjson` in the journal's folder; none without a journal",
  }),
};
