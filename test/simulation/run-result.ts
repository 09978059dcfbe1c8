// What a simulated run is asked for, and what it came to.

import type { EngineCore } from './engine-core.ts';

export type RunOptions = {
  /** Called with each event. */
  readonly echo?: (line: string) => void;
  /** Changes the engine before it begins: to show that a run would notice. */
  readonly spoil?: (core: EngineCore) => void;
};

export type RunResult = {
  readonly seed: number;
  /** Of all events. */
  readonly hash: string;
  readonly events: number;
  readonly virtualMs: number;
  readonly frames: number;
  readonly messages: number;
  /** How often each kind of fault came. */
  readonly faults: ReadonlyMap<string, number>;
};
