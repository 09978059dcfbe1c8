// What is asked of one venue: which markets, where, and by what way.

import type { Dialect } from '../../schemas/ids.ts';

export type FeedPlan = {
  readonly venue: Dialect;
  /** As the venue writes them, in the order given, each once. */
  readonly symbols: readonly string[];
  /** Address of a simulator or proxy in place of the venue's own, without a path at the end; null for the venue's. */
  readonly url: string | null;
  readonly token: string | null;
  readonly proxy: string | null;
  /** Certificates (PEM) to trust beside the system's. */
  readonly ca: string | null;
  readonly breakerFailures: number;
  readonly breakerRetries: number;
  /** Windows of the venue's limits are shorter by this factor: for simulators that allow more; 1 for venues. */
  readonly limitsScale: number;
  /** Symbols of whose books nothing is kept: only their trades are asked for. Absent for none. */
  readonly withoutBook?: readonly string[];
  /** Connections are replaced at this age instead of the venue's; absent for the venue's. */
  readonly lifeMs?: number;
};
