// What the journal, checkpoints and the shards' supervisor say of themselves, as Prometheus series and for `/v1/stats`.

import { JOURNAL_NUMBERS, JOURNAL_STATE_NAMES } from '../../schemas/journal.ts';
import { type AddMetric, oneHot, type Sample, snake } from './read-metrics.ts';

export type ShardDeathReport = {
  readonly shard: number;
  readonly kind: string;
  readonly reason: string;
  readonly at: string;
  /** At most this late it was noticed, and after so long it applied what is new again; null while it does not. */
  readonly noticedMs: number;
  readonly recoveredMs: number | null;
  readonly isRebuilt: boolean;
};

export type RecoveryReport = {
  /** Shards that ended, by kind, and the last of them. */
  readonly deaths: Readonly<Record<string, number>>;
  readonly lastDeaths: readonly ShardDeathReport[];
  readonly givenUpShards: readonly number[];
  readonly poisonedRecords: number;
  /** Markets that began anew, as what was kept of them could not be taken up. */
  readonly stateFaults: number;
  /** How the process began with its journal; null where it began without one. */
  readonly start: object | null;
  readonly startSeconds: number;
  readonly startEntries: number;
  readonly deadLetters: { readonly written: number; readonly leftOut: number; readonly failure: string | null };
};

export type JournalReport = {
  readonly state: (typeof JOURNAL_STATE_NAMES)[number];
  readonly sync: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly checkpoints: { readonly kept: number; readonly abandoned: number; readonly ageMs: number };
};

/** How shards ended and came back; and the journal, null where there is none. */
export type RecoveryFaults = { readonly recovery?: RecoveryReport; readonly journal?: JournalReport | null };

const MS_PER_S = 1e3;
/** Numbers that only rise; the others are positions and sizes. */
const COUNTS: readonly string[] = ['missed', 'missedBytes', 'holes', 'lost', 'blocks', 'bytes', 'syncs', 'failures'];
/** Numbers that are told otherwise than by their name. */
const RENAMED: Readonly<Record<string, string>> = { bufferBytesMost: 'buffer_high_water_bytes' };
/** A moment of the engine's own clock, told as how long ago it was. */
const MOMENT = 'waitingSinceMs';

export function addRecoveryMetrics(counter: AddMetric, gauge: AddMetric, read: () => RecoveryReport | null): void {
  const one = (add: AddMetric, name: string, help: string, value: (report: RecoveryReport) => number | null): void =>
    add(name, help, [], () => {
      const report = read();
      const found = report === null ? null : value(report);
      return found === null ? [] : [{ labels: {}, value: found }];
    });
  counter('shard_deaths_total', 'Shards that ended, by kind.', ['kind'], () =>
    Object.entries(read()?.deaths ?? {}).map(([kind, value]) => ({ labels: { kind }, value })),
  );
  const last = ({ lastDeaths }: RecoveryReport): ShardDeathReport | undefined => lastDeaths.at(-1);
  const seconds = (ms: number | null | undefined): number | null => (ms == null ? null : ms / MS_PER_S);
  one(gauge, 'shard_notice_seconds', 'At most this late the last death of a shard was noticed.', (report) =>
    seconds(last(report)?.noticedMs),
  );
  one(gauge, 'shard_recovery_seconds', 'From the last death of a shard to its being back.', (report) =>
    seconds(last(report)?.recoveredMs),
  );
  one(gauge, 'shards_given_up', 'Shards that nothing takes the place of.', ({ givenUpShards }) => givenUpShards.length);
  one(counter, 'poisoned_records_total', 'Records that killed their shard twice.', (report) => report.poisonedRecords);
  one(gauge, 'recovery_seconds', 'Time the process took to come back to its journal.', (report) => report.startSeconds);
  one(gauge, 'recovery_entries', 'Entries it applied again.', ({ startEntries }) => startEntries);
  one(counter, 'dead_letters_total', 'Lines in the dead-letter file.', ({ deadLetters }) => deadLetters.written);
  one(counter, 'dead_letters_left_out_total', 'Frames that were not kept.', ({ deadLetters }) => deadLetters.leftOut);
}

/** Nothing where there is no journal. `nowMs` is the engine's time. */
export function addJournalMetrics(
  counter: AddMetric,
  gauge: AddMetric,
  read: () => JournalReport | null,
  nowMs: () => number,
): void {
  const one = (add: AddMetric, name: string, help: string, of: (report: JournalReport) => number): void =>
    add(name, help, [], (): Sample[] => {
      const report = read();
      return report === null ? [] : [{ labels: {}, value: of(report) }];
    });
  gauge('journal_state', '1 for the state the journal is in.', ['state'], () => {
    const report = read();
    return report === null ? [] : oneHot(JOURNAL_STATE_NAMES, report.state, 'state');
  });
  for (const { name, meaning } of JOURNAL_NUMBERS) {
    if (name === MOMENT) continue;
    const isCount = COUNTS.includes(name);
    const help = `Journal: ${meaning.replace(/\. Writer.*$/, '.')}`;
    const full = `journal_${RENAMED[name] ?? snake(name)}${isCount ? '_total' : ''}`;
    one(isCount ? counter : gauge, full, help, ({ numbers }) => numbers[name]);
  }
  one(gauge, 'journal_unwritten_entries', 'Entries taken and not yet handed to the system.', ({ numbers }) =>
    Math.max(0, numbers['taken'] - numbers['written']),
  );
  one(
    gauge,
    'journal_waiting_seconds',
    'For how long the disk has been waited for now; 0 where it is not.',
    (report) => {
      const since = report.numbers[MOMENT];
      return since > 0 ? Math.max(0, nowMs() - since) / MS_PER_S : 0;
    },
  );
  const kept = 'Checkpoints on the disk so far.';
  one(counter, 'checkpoints_total', kept, ({ checkpoints }) => checkpoints.kept);
  const abandoned = 'Checkpoints begun and not kept.';
  one(counter, 'checkpoints_abandoned_total', abandoned, ({ checkpoints }) => checkpoints.abandoned);
  const age = 'Since the last checkpoint.';
  one(gauge, 'checkpoint_age_seconds', age, ({ checkpoints }) => checkpoints.ageMs / MS_PER_S);
}
