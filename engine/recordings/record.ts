// Records venues: a whole engine whose journal is the recording, whose ports nobody else can use, and what came of it.

import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { JournalKind, JournalNumber } from '../../schemas/journal.ts';
import { UsageError } from '../base/errors.ts';
import { plansOf, type Settings } from '../config.ts';
import { feedPlans } from '../feed-settings.ts';
import { damageSentence, journalAt } from '../ingress/recorded-journal.ts';
import { readEntries } from '../journal/journal-reader.ts';
import { segmentOfName } from '../journal/names.ts';
import { type Engine, startEngine } from '../main.ts';
import type { Log } from '../observe/log.ts';

/** What a recording holds, as read back from it: every checksum was looked at. */
export type RecordingSummary = {
  readonly folder: string;
  readonly frames: number;
  readonly bytes: number;
  readonly connections: number;
  readonly entries: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Places where entries are missing or damaged, each a sentence. */
  readonly damages: readonly string[];
};

const LOOPBACK = '127.0.0.1';
const TOKEN_BYTES = 32;
/** A recording is not cut at its beginning unless that is asked for: 100 years, and more bytes than disks have. */
const AGE_MS_MAX = 100 * 365 * 24 * 3_600_000;
const BYTES_MAX = Number.MAX_SAFE_INTEGER;

/** `bytesMax` is what is kept of the recording, the newest; null keeps all. */
export async function startRecorder(
  settings: Settings,
  folder: string,
  bytesMax: number | null,
  log: Log,
): Promise<Engine> {
  const feeds = feedPlans(settings);
  if (feeds.length === 0) throw new UsageError('--feed: expected VENUE:SYMBOL[,SYMBOL] to record, was none');
  const { journalSync, journalSyncInterval, checkpointInterval } = settings;
  return startEngine({
    // Books must be resynced by what the venue says of them, so a recorder is an engine. Its ports are open to this machine
    // alone, and to nobody without a token that is told to no one.
    ...{ host: LOOPBACK, port: 0, ingestPort: 0, token: randomBytes(TOKEN_BYTES).toString('base64url') },
    ...{ workers: 1, marketsMax: settings.marketsMax, shutdownTimeoutMs: settings.shutdownTimeout, log, feeds },
    plans: await plansOf(settings),
    journal: {
      ...{ folder, syncPolicy: journalSync, syncMs: journalSyncInterval, checkpointMs: checkpointInterval },
      ...{ bytesMax: bytesMax ?? BYTES_MAX, ageMsMax: AGE_MS_MAX },
    },
  });
}

/** Bytes and entries that the journal has not taken, as they are now. */
export function journalNumbers(engine: Engine): { readonly bytes: number; readonly missed: number } {
  const numbers = new Float64Array(engine.memory.journal?.numbers ?? new SharedArrayBuffer(0));
  return { bytes: numbers[JournalNumber.bytes], missed: numbers[JournalNumber.missed] };
}

const NOTHING = { frames: 0, bytes: 0, connections: 0, entries: 0, firstSequence: 0, lastSequence: 0, damages: [] };

/** Reads a recording back, all of it. Throws UsageError where there is something else. */
export function summarise(folder: string): RecordingSummary {
  if (!existsSync(folder) || readdirSync(folder).every((name) => segmentOfName(name) === null))
    return { folder, ...NOTHING };
  const journal = journalAt(folder);
  if (journal === null) throw new UsageError(`recording ${folder}: expected a journal, was something else`);
  const connections = new Set<number>();
  const damages: string[] = [];
  let [frames, bytes, entries, firstSequence, lastSequence] = [0, 0, 0, 0, 0];
  for (const item of readEntries(journal.folder)) {
    if (item.kind === 'missing') {
      damages.push(damageSentence(item.damage));
      continue;
    }
    const { entry } = item;
    entries++;
    if (firstSequence === 0) firstSequence = entry.sequence;
    lastSequence = entry.sequence;
    if (entry.kind !== JournalKind.frame) continue;
    frames++;
    bytes += entry.payload.length;
    connections.add(entry.connection);
  }
  return { folder, frames, bytes, connections: connections.size, entries, firstSequence, lastSequence, damages };
}
