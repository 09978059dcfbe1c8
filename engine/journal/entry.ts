// One entry of the journal as readers see it.

import type { JournalKind } from '../../schemas/journal.ts';

export type JournalEntry = {
  readonly kind: JournalKind;
  readonly flags: number;
  /** Index in DIALECTS; 255 for none. */
  readonly dialect: number;
  /** FrameResult of a frame, 0 for others. */
  readonly result: number;
  readonly connection: number;
  readonly sequence: number;
  /** Engine time; wall µs are anchorWallUs + receiveTimeNs / 1000. */
  readonly receiveTimeNs: number;
  readonly anchorWallUs: number;
  readonly producerSequence: number;
  /** Valid until the next entry is read. */
  readonly payload: Uint8Array;
};

/** Payload of an `open` entry, as JSON. */
export type ConnectionOpened = {
  readonly dialect: string;
  /** How its frames come in: pushed to the ingest port, or by a connector to a venue. */
  readonly source: 'pushed' | 'feed';
  /** Name the producer gave itself, or null. */
  readonly producer: string | null;
  /** Address of the venue, for feeds. */
  readonly address: string | null;
};

/** Payload of a `start` entry, as JSON. */
export type EngineStarted = { readonly version: string; readonly shards: number; readonly node: string };

/** What a journal was found not to hold. */
export type JournalDamage = {
  readonly kind: 'torn-tail' | 'bad-checksum' | 'bad-chain' | 'missing-segment' | 'bad-head' | 'hole';
  readonly file: string;
  /** Place in the file and bytes passed over. */
  readonly offsetBytes: number;
  readonly bytes: number;
  /** Entries that are missing: after and before these, which are there. Equal to each other + 1 where none is known to be. */
  readonly afterSequence: number;
  readonly beforeSequence: number | null;
};
