// What a shard reports to the main thread beside its output: checksums that do not match, and its part of checkpoints.

import type { MarketImage } from '../schemas/shard-task.ts';
import { type ChecksumSuspect, reportChecksum } from './book/checksum-report.ts';
import type { Market } from './market.ts';

/** A venue's checksum that the book did not have; `suspect` is the one level that would explain it. */
export type ChecksumMismatch = {
  readonly op: 'checksum-mismatch';
  readonly market: string;
  readonly expected: number;
  readonly was: number;
  readonly suspect: ChecksumSuspect | null;
};

/** Some markets of a shard's part of a checkpoint; the memory of their images is handed over. */
export type CheckpointPart = {
  readonly op: 'checkpoint-part';
  readonly number: number;
  readonly sequence: number;
  readonly image: {
    readonly shard: number;
    /** Last clock record and the latest, µs since 1970. */
    readonly clockUs: readonly [number, number];
    readonly markets: readonly MarketImage[];
  };
  /** With the last ones: ids of all its markets in their order there. */
  readonly order: readonly number[] | null;
};

/** A market that begins anew after a recovery, as its state could not be written down or taken up. */
export type StateFault = { readonly op: 'state-fault'; readonly market: string; readonly message: string };

export type ShardMessage = ChecksumMismatch | CheckpointPart | StateFault;

/** Takes what is to be reported; memory of what is transferred is given away. */
export type Tell = (message: ShardMessage, transfer?: readonly ArrayBuffer[]) => void;

/** A checksum did not match: its market and, where one explains it, the level to blame go to the main thread. */
export function tellMismatch({ book, name }: Market, tell: Tell): void {
  const { bids, asks, mismatch } = book;
  book.mismatch = null;
  if (mismatch === null || mismatch.kind === null) return;
  const { expected } = mismatch;
  const { checksum, suspect } = reportChecksum(mismatch.kind, bids, asks, expected);
  tell({ op: 'checksum-mismatch', market: name.name, expected, was: checksum, suspect });
}
