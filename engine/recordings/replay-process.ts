// Starts the processes that replay an engine's journal, and waits for what they are to find there.

import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { JournalNumber } from '../../schemas/journal.ts';
import { entryUrl } from '../base/entry.ts';
import type { MarketPlans } from '../base/market-plans.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import type { ReplayRequest } from '../publish/replay-request.ts';
import type { RunningReplay } from '../publish/replay-route.ts';
import { type FromProcess, startOutputProcess } from './output-process.ts';

export type ReplayOrder = {
  readonly folder: string;
  readonly request: ReplayRequest;
  readonly plans: MarketPlans;
  readonly marketsMax: number;
};

/** It begins with the first moment of the journal, and ends with sentences about what the journal lacks. */
export type FromReplay = FromProcess<number | null, readonly string[]>;

/** What the engine has taken is waited for this long until it is in the journal's file: it is written within milliseconds. */
const WRITTEN_MS = 1_000;
const POLL_MS = 2;

/** A process of its own; `onDamages` gets sentences about what the journal lacks. */
export function startReplayProcess(order: ReplayOrder, onDamages: (damages: readonly string[]) => void): RunningReplay {
  return startOutputProcess(fileURLToPath(entryUrl('./replay-child.ts', import.meta.url)), order, {
    onEnded: (damages: readonly string[]) => {
      if (damages.length > 0) onDamages(damages);
    },
  });
}

/** Resolves with the last entry that is in the files of the journal, when all that the engine has taken by now is, or it is late. */
export async function journalWritten({ journal }: EngineMemory): Promise<number> {
  if (journal === null) return 0;
  const numbers = new Float64Array(journal.numbers);
  const taken = numbers[JournalNumber.taken];
  const deadlineMs = performance.now() + WRITTEN_MS;
  while (numbers[JournalNumber.written] < taken && performance.now() < deadlineMs) await sleep(POLL_MS);
  return numbers[JournalNumber.written];
}
