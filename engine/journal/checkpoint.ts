// What a checkpoint is made of: the ingress thread's state and each market's, as they are behind one entry of the journal.

import type { MarketImage } from '../../schemas/shard-task.ts';

/** What a shard gives for a checkpoint, and takes to begin from. */
export type ShardImage = {
  readonly shard: number;
  /** Last clock record and the latest, µs since 1970. */
  readonly clockUs: readonly [number, number];
  readonly markets: readonly MarketImage[];
};

/** What the ingress thread gives: names of all markets in order of their ids, connections with their decoders, producers. */
export type IngressImage = {
  readonly sequence: number;
  /** Number for the next connection. */
  readonly nextConnection: number;
  /** Clock records after this one, µs since 1970. */
  readonly nextClockUs: number;
  readonly marketNames: readonly string[];
  readonly connections: readonly ConnectionImage[];
  /** Last number taken of each named producer. */
  readonly producers: readonly { readonly id: string; readonly lastSequence: number }[];
  /** By market, the connection its last record came from (feeds); sparse: [market, connection]. */
  readonly sources: readonly (readonly [number, number])[];
};

export type ConnectionImage = {
  readonly connection: number;
  readonly dialect: string;
  readonly source: 'pushed' | 'feed';
  readonly producer: string | null;
  readonly address: string | null;
  /** Engine time of its last frame, 0 for none. */
  readonly lastFrameNs: number;
  /** Markets it has named. */
  readonly markets: readonly number[];
  /** What its decoder must remember (engine/base/state-image.ts). */
  readonly decoder: Uint8Array;
};

/** A whole checkpoint. Files: `checkpoint-NUMBER.mrc`, one container with a checksum for each part, written by replace(). */
export type Checkpoint = {
  readonly number: number;
  readonly sequence: number;
  /** fingerprint() of the layouts and version of the package: another build begins without. */
  readonly build: string;
  readonly anchorWallUs: number;
  readonly ingress: IngressImage;
  readonly shards: readonly ShardImage[];
};
