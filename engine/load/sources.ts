// What makes the frames of a load run, in whatever dialect; one source per generator.

import type { UpdateDraws } from './draws.ts';
import type { LoadPlan } from './protocol.ts';

export interface FrameSource {
  /** Of the ingest address. */
  readonly path: string;
  /** All markets of the run, `venue:symbol`, those of other generators too. */
  readonly markets: readonly string[];
  /** Room that write() needs; what it writes is shorter. */
  readonly frameBytesMax: number;
  /** Frames written so far: where a venue sends two for one trade (Bitfinex), more than updates. */
  readonly frames: number;
  /** Wire frames that come first on a connection: answers to its subscriptions, all its books. `timeUs` is the wall clock. */
  before(connection: number, timeUs: number): Uint8Array[];
  /**
   * Writes the wire frame of the `batch` updates from `first` on, all due at `dueUs` of the wall clock, at `offset`; returns
   * the offset behind it. Updates are numbered for their venue here and now, so one never written leaves no gap.
   */
  write(first: number, dueUs: number, target: Buffer, offset: number): number;
}

/** What every source is made of. */
export type SourceParts = { readonly plan: LoadPlan; readonly draws: UpdateDraws };

/** The markets of one connection, by their index. */
export function marketsOf({ markets, connections }: LoadPlan, connection: number): number[] {
  const own: number[] = [];
  for (let market = connection; market < markets; market += connections) own.push(market);
  return own;
}
