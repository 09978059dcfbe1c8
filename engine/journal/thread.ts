// The journal thread's entry: turns the writer, sleeps while there is nothing to write, and writes everything before it ends.

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { PARK_MS } from '../../schemas/config.ts';
import { journalRingWords } from '../../schemas/journal.ts';
import { assert } from '../base/assert.ts';
import { EngineClock } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import { ownThreadNumber } from '../observe/thread-cpu.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { errorSentence, isDiskError } from './disk-error.ts';
import type { JournalOpened } from './journal-options.ts';
import { JournalWriter } from './journal-writer.ts';
import { NodeFolder } from './node-folder.ts';
import type { FromJournal, JournalThreadStart, ToJournal } from './thread-messages.ts';

const start = workerData as JournalThreadStart;
const port = parentPort;
assert(port !== null, 'journal thread: expected to be a worker thread');

const clock = new EngineClock(start.anchor);
const words = new Int32Array(start.memory.words);
Atomics.store(words, journalRingWords.at.thread, ownThreadNumber());
const doorbell = new Doorbell(start.memory.doorbell);

function tell(message: FromJournal): void {
  port?.postMessage(message);
}

const nowMs = (): number => clock.nowNs() / 1e6;
const writer = new JournalWriter(
  start.memory,
  NodeFolder.make(start.folder),
  start.options,
  { nowMs, wallUs: () => clock.wallUs(clock.nowNs()) },
  start.anchor.wallUs,
  (event) => tell({ op: 'event', event }),
);

/** Null where the folder cannot be used: an engine does not start then. */
function open(): JournalOpened | null {
  try {
    return writer.open();
  } catch (error) {
    if (!(error instanceof UsageError) && !isDiskError(error)) throw error;
    const reason = error instanceof UsageError ? error.message : errorSentence(error);
    const message = `journal: expected a folder that can be written, was ${start.folder} (${reason})`;
    tell({ op: 'refused', message: error instanceof UsageError ? reason : message, isUsage: true });
    return null;
  }
}

/** Messages do not wake the loop by themselves: main rings the bell behind them. Returns how many there were. */
function receive(): number {
  let received = 0;
  for (let next = take(); next !== null; next = take()) {
    const { checkpoint } = next;
    const done = (isWritten: boolean): void => tell({ op: 'checkpoint', number: checkpoint.number, isWritten });
    writer.writeCheckpoint(checkpoint, done);
    received++;
  }
  return received;
}

function take(): ToJournal | null {
  if (port === null) return null;
  return (receiveMessageOnPort(port)?.message as ToJournal | undefined) ?? null;
}

function isStopping(): boolean {
  return Atomics.load(words, journalRingWords.at.stop) !== 0;
}

/**
 * While entries gather or the disk is to be tried again, a nap: commits need not ring. With nothing taken, a sleep that a
 * commit ends; the bell is announced before the last look, so none is missed (engine/ring/doorbell.ts).
 */
function rest(): void {
  const idleMs = Math.min(writer.idleMs(), PARK_MS);
  if (idleMs <= 0) return;
  if (!writer.hasTakenAll) {
    doorbell.nap(idleMs);
    return;
  }
  const seen = doorbell.announce();
  if (!writer.hasTakenAll || isStopping() || receive() > 0) doorbell.cancel();
  else doorbell.sleep(seen, idleMs);
}

function run(): void {
  while (!isStopping()) if (receive() + writer.turn() === 0) rest();
  writer.close();
  tell({ op: 'closed' });
}

const opened = open();
if (opened !== null) {
  tell({ op: 'opened', opened });
  run();
}
port.close();
