// Applies what a journal has of the engines before, ahead of the first frame: then says what it cannot know.

import { JournalKind } from '../../schemas/journal.ts';
import type { EngineClock } from '../base/clock.ts';
import type { JournalDamage } from '../journal/entry.ts';
import type { JournalFolder } from '../journal/files.ts';
import { losesEntries, readEntries } from '../journal/journal-reader.ts';
import { NodeFolder } from '../journal/node-folder.ts';
import { JournalReplay } from './journal-replay.ts';
import type { IngressPast, Recovered } from './messages.ts';
import type { SessionParts } from './session-maker.ts';

/** Entries between two words of progress. */
const PROGRESS_ENTRIES = 100_000;
/** Damaged places told one by one; the others are counted. */
const DAMAGES_TOLD_MAX = 20;
const NO_DIALECT = 255;

function sentenceOf({ kind, file, offsetBytes, bytes, afterSequence, beforeSequence }: JournalDamage): string {
  const behind = beforeSequence === null ? '' : ` and before ${beforeSequence}`;
  return `${kind} in ${file} at ${offsetBytes}, ${bytes} bytes: entries after ${afterSequence}${behind}`;
}

/**
 * Applies the entries behind the image, up to the last one there is. `startedNs` is the engine time at which the engine
 * begins: the entry that says so is not written yet, but its records have its number already. `folder` is the one that
 * `past` names, opened.
 */
export function applyPast(
  past: IngressPast,
  clock: EngineClock,
  parts: SessionParts,
  progress: (sequence: number) => void,
  folder: JournalFolder = NodeFolder.existing(past.folder),
): Recovered & { readonly startedNs: number } {
  const beganMs = performance.now();
  const { image, sequence: last } = past;
  const { policy } = parts.writer;
  parts.writer.policy = 'block-without-limit';
  const poisons = past.poisons.map(({ sequence, id }) => ({ sequence, market: id }));
  const replay = new JournalReplay(parts, { image, anchorWallUs: clock.anchor.wallUs, poisons });
  const damages: string[] = [];
  let damageCount = 0;
  let entries = 0;
  const from = (image?.sequence ?? 0) + 1;
  if (from <= last) {
    for (const item of readEntries(folder, from)) {
      if (item.kind === 'entry') {
        if (item.entry.sequence > last) break;
        replay.take(item.entry);
        if (++entries % PROGRESS_ENTRIES === 0) progress(item.entry.sequence);
        continue;
      }
      if (++damageCount <= DAMAGES_TOLD_MAX) damages.push(sentenceOf(item.damage));
      if (losesEntries(item.damage)) replay.hole((item.damage.beforeSequence ?? last + 1) - 1);
    }
  }
  const openConnections = [...parts.connections.open.values()].filter(({ facts }) => facts.producer === null).length;
  const startedNs = clock.nowNs();
  replay.take({
    ...{ kind: JournalKind.start, flags: 0, dialect: NO_DIALECT, result: 0, connection: 0 },
    ...{ sequence: last + 1, receiveTimeNs: startedNs, anchorWallUs: clock.anchor.wallUs },
    ...{ producerSequence: 0, payload: new Uint8Array(0) },
  });
  replay.end();
  parts.writer.policy = policy;
  return { entries, seconds: (performance.now() - beganMs) / 1000, damages, damageCount, openConnections, startedNs };
}
