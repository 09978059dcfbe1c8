// The entry of a process that writes an engine's journal to one client, block by block as it lies on the disk.

import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  JOURNAL_BEAT_MS,
  JOURNAL_FOLLOW_MS,
  JOURNAL_PAD_BYTES,
  JOURNAL_SMALL_BYTES,
} from '../../schemas/journal-stream.ts';
import { sealSegment } from '../journal/blocks.ts';
import { FollowedFolder } from '../journal/followed-folder.ts';
import { OtherJournalError, type RawBlock, RawBlocks } from '../journal/raw-blocks.ts';
import { JOURNAL_WORD_BYTES } from '../journal/ring-words.ts';
import type { FromJournalProcess, JournalOrder } from './journal-process.ts';
import { LineOutput } from './line-output.ts';

/** The engine that runs beside goes first. */
const PRIORITY = constants.priority.PRIORITY_BELOW_NORMAL;
const NOTHING = new Uint8Array(0);

function tell(message: FromJournalProcess): void {
  process.send?.(message);
}

/** What is written of blocks: the head of their segment before its first, and zeros where a large write is due. */
class BlockOutput {
  private readonly out: LineOutput;
  private segment = 0;
  private smallBytes = 0;
  private wroteAtMs = performance.now();

  constructor(out: LineOutput) {
    this.out = out;
  }

  async write({ head, bytes }: RawBlock, isFollowed: boolean): Promise<void> {
    const { segment, firstSequence, writtenAtUs, previousChecksum } = head;
    const isNew = segment !== this.segment;
    this.segment = segment;
    const first = isNew ? sealSegment({ segment, firstSequence, createdAtUs: writtenAtUs, previousChecksum }) : NOTHING;
    // A copy: the block's own memory is read into again, and the pipe may still have it.
    await this.put(Buffer.concat([first, bytes, isFollowed ? this.padding(bytes.length) : NOTHING]));
  }

  /** Zeros after a while without a block. */
  async beat(): Promise<void> {
    if (performance.now() - this.wroteAtMs >= JOURNAL_BEAT_MS) await this.put(new Uint8Array(JOURNAL_WORD_BYTES));
  }

  private padding(bytes: number): Uint8Array {
    this.smallBytes = bytes >= JOURNAL_PAD_BYTES ? 0 : this.smallBytes + bytes;
    if (this.smallBytes < JOURNAL_SMALL_BYTES) return NOTHING;
    this.smallBytes = 0;
    return new Uint8Array(JOURNAL_PAD_BYTES);
  }

  private async put(bytes: Uint8Array): Promise<void> {
    await this.out.write(bytes);
    this.wroteAtMs = performance.now();
  }
}

async function run({ folder, place, untilSequence }: JournalOrder): Promise<void> {
  const out = new LineOutput(process.stdout);
  const output = new BlockOutput(out);
  const blocks = new RawBlocks(new FollowedFolder(folder), place);
  tell({ op: 'begun', begun: blocks.begin() });
  for (;;) {
    const block = blocks.next();
    if (block !== null) await output.write(block, untilSequence === null);
    if (untilSequence !== null && (block === null || block.head.lastSequence >= untilSequence)) break;
    if (block !== null) continue;
    await output.beat();
    await sleep(JOURNAL_FOLLOW_MS);
  }
  await out.end();
  tell({ op: 'ended', ended: null });
}

setPriority(PRIORITY);
// The engine has ended, or wants no more.
process.on('disconnect', () => process.exit(0));
process.once('message', (order) => {
  run(order as JournalOrder)
    .then(() => process.exit(0))
    .catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      tell({ op: 'failed', reason, kind: error instanceof OtherJournalError ? 'other-journal' : '' });
      process.exitCode = 1;
      process.disconnect();
    });
});
