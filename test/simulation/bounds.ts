// Whether everything that could grow stays below its bound, and every end has its reason: rules R3 and R4.

import {
  HISTORY_BYTES_MAX,
  HISTORY_MESSAGES_MAX,
  HISTORY_TOTAL_BYTES_MAX,
  type History,
} from '../../engine/publish/history.ts';
import { JOURNAL_BLOCK_BYTES } from '../../schemas/config.ts';
import { ringControl } from '../../schemas/ring.ts';
import type { EngineCore } from './engine-core.ts';

/** Of a publisher: what it counts, and all histories. */
type PublisherInside = {
  counters(): Readonly<Record<string, unknown>>;
  readonly topics: {
    readonly byKey: ReadonlyMap<string, { readonly variants: readonly { readonly history: History }[] }>;
  };
};

type HistoryInside = {
  readonly first: number;
  readonly next: number;
  readonly start: number;
  readonly bytes: { readonly end: number };
};

export class Bounds {
  private readonly fail: (what: string) => never;

  constructor(fail: (what: string) => never) {
    this.fail = fail;
  }

  private atMost(what: string, value: number, bound: number): void {
    if (!(value <= bound)) this.fail(`${what}: expected at most ${bound}, was ${value}`);
  }

  private equal(what: string, value: number, sum: number): void {
    if (value !== sum) this.fail(`${what}: expected the sum of its reasons, ${sum}, was ${value}`);
  }

  check(core: EngineCore): void {
    this.rings(core);
    this.journal(core);
    this.ends(core);
    this.publisher(core.main.publisher as unknown as PublisherInside);
  }

  private rings({ memory }: EngineCore): void {
    for (const [shard, { input, output, command }] of memory.shards.entries()) {
      for (const [name, { memory: ring, slots }] of Object.entries({ input, output, command })) {
        const control = new Int32Array(ring, 0, Math.max(ringControl.head, ringControl.tail) + 1);
        this.atMost(`${name} ring ${shard}`, (control[ringControl.tail] - control[ringControl.head]) | 0, slots);
      }
    }
  }

  private journal({ memory, journal, checkpoints }: EngineCore): void {
    if (journal === null || memory.journal === null || checkpoints === null) return;
    const most = memory.journal.ring.byteLength + JOURNAL_BLOCK_BYTES;
    this.atMost('bytes that wait for the journal', journal.number('bufferBytesMost'), most);
    const { begun, kept, abandoned, isRunning } = checkpoints;
    this.equal('checkpoints', begun, kept + abandoned + (isRunning ? 1 : 0));
  }

  private ends(core: EngineCore): void {
    this.equal('deaths of shards', core.deaths, core.rebuilt + core.begunAnew + core.dead.size);
    const { ingress } = core;
    const open = core.ingressCounted('connectionsOpened') - core.ingressCounted('connectionsClosed');
    this.equal('open producers', ingress.openSockets, open);
  }

  private publisher(inside: PublisherInside): void {
    const counters = inside.counters();
    const by = counters['slowClosedBy'] as Readonly<Record<string, number>>;
    const sum = Object.values(by).reduce((all, count) => all + count, 0);
    this.equal('slow subscribers closed', Number(counters['slowClosed']), sum);
    this.atMost('bytes of histories', Number(counters['historyBytes']), HISTORY_TOTAL_BYTES_MAX);
    for (const { variants } of inside.topics.byKey.values()) {
      for (const { history } of variants) {
        const { first, next, start, bytes } = history as unknown as HistoryInside;
        this.atMost('messages of a history', next - first, HISTORY_MESSAGES_MAX);
        this.atMost('bytes of a history', bytes.end - start, HISTORY_BYTES_MAX);
      }
    }
  }
}
