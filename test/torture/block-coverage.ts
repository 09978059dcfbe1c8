// Which parts of the engine's source have run so far, by V8's precise coverage of this thread.

import { type Profiler, Session } from 'node:inspector';

/** Of a character inside a function: it ran, or it did not. What is outside of all is 0. */
const RAN = 3;
const IDLE = 2;

/** Of one file: RAN, IDLE or 0 for each character. */
export type Reach = { readonly url: string; readonly bytes: Uint8Array };

/** Takes what V8 has counted since it was last asked, and adds it up by characters of the source that ran. */
export class BlockCoverage {
  private readonly session = new Session();
  private readonly isWanted: (url: string) => boolean;
  private readonly covered = new Map<string, Uint8Array>();

  constructor(isWanted: (url: string) => boolean) {
    this.isWanted = isWanted;
    this.session.connect();
    this.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** What ran since the last look. */
  look(): Reach[] {
    const reached: Reach[] = [];
    this.session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const script of result) if (this.isWanted(script.url)) reached.push(reachOf(script));
    });
    return reached;
  }

  /** Characters in it that had never run before. */
  freshIn(reached: readonly Reach[]): number {
    let fresh = 0;
    for (const { url, bytes } of reached) {
      const known = this.covered.get(url);
      for (let i = 0; i < bytes.length; i++) if (bytes[i] === RAN && known?.[i] !== RAN) fresh++;
    }
    return fresh;
  }

  add(reached: readonly Reach[]): void {
    for (const { url, bytes } of reached) {
      const known = this.covered.get(url);
      if (known === undefined || known.length < bytes.length) this.covered.set(url, merged(bytes, known));
      else for (let i = 0; i < bytes.length; i++) known[i] |= bytes[i];
    }
  }

  /** Characters that ran, and all there are, over the files seen. */
  get share(): { covered: number; all: number } {
    let covered = 0;
    let all = 0;
    for (const bytes of this.covered.values()) {
      for (const byte of bytes) {
        if (byte !== 0) all++;
        if (byte === RAN) covered++;
      }
    }
    return { covered, all };
  }

  /** Ends counting: code runs at its own speed again. */
  stop(): void {
    this.post('Profiler.stopPreciseCoverage');
    this.session.disconnect();
  }

  private post(method: string): void {
    this.session.post(method, (error) => {
      if (error !== null) throw error;
    });
  }
}

function merged(bytes: Uint8Array, known: Uint8Array | undefined): Uint8Array {
  const all = Uint8Array.from(bytes);
  known?.forEach((bit, i) => {
    all[i] |= bit;
  });
  return all;
}

/** Functions alone: the module around them ran when it was loaded, which was not counted. */
function reachOf({ url, functions }: Profiler.ScriptCoverage): Reach {
  const ranges = functions
    .filter((one) => one.functionName !== '' || one.ranges[0].startOffset !== 0)
    .flatMap((one) => one.ranges)
    .sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const bytes = new Uint8Array(ranges.reduce((end, { endOffset }) => Math.max(end, endOffset), 0));
  // Inner ranges come behind their outer ones, and have the last word.
  for (const { startOffset, endOffset, count } of ranges) bytes.fill(count > 0 ? RAN : IDLE, startOffset, endOffset);
  return { url, bytes };
}
