// Queues of the engine as `system` and `/v1/stats` tell them: rings between threads, the journal's, those before sockets.

import { SUBSCRIBER_BACKPRESSURE_BYTES_MAX, SUBSCRIBERS_BYTES_MAX } from '../../schemas/config.ts';
import type { QueueFigures, QueueName } from '../../schemas/feed.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { HighWater, heldJournalBytes, RingHighWater } from './high-water.ts';

export type RingStats = {
  readonly shard: number;
  readonly ring: RingName;
  readonly slots: number;
  readonly held: number;
  /** The most there were, since the start and in the last minute. */
  readonly most: number;
  readonly mostMinute: number;
};

const RING_NAMES = ['input', 'output', 'command'] as const;
type RingName = (typeof RING_NAMES)[number];

type Ring = {
  readonly shard: number;
  readonly ring: RingName;
  readonly slots: number;
  readonly marks: RingHighWater;
};

/** Sizes and marks of all queues of one engine. Thread: main. */
export class Queues {
  private readonly memory: EngineMemory;
  private readonly rings: readonly Ring[];
  private readonly journal = new HighWater();
  private readonly sockets = new HighWater();
  private readonly longest = new HighWater();
  private socketBytes = 0;
  private longestBytes = 0;

  constructor(memory: EngineMemory) {
    this.memory = memory;
    this.rings = memory.shards.flatMap((rings, shard) =>
      RING_NAMES.map((ring) => ({ shard, ring, slots: rings[ring].slots, marks: new RingHighWater(rings[ring]) })),
    );
  }

  /** What a look at the sockets of all subscribers found; the journal's ring is looked at then too. */
  look(socketBytes: number, longestBytes: number): void {
    this.socketBytes = socketBytes;
    this.longestBytes = longestBytes;
    this.sockets.note(socketBytes);
    this.longest.note(longestBytes);
    if (this.memory.journal !== null) this.journal.note(heldJournalBytes(this.memory.journal));
  }

  eachSecond(): void {
    for (const { marks } of this.rings) marks.eachSecond();
    for (const marks of [this.journal, this.sockets, this.longest]) marks.advance();
  }

  ringStats(): RingStats[] {
    return this.rings.map(({ shard, ring, slots, marks }) => ({ shard, ring, slots, ...marks.report() }));
  }

  report(): QueueFigures[] {
    const { journal } = this.memory;
    const figures = this.ringStats().map(
      ({ shard, ring, slots, held, most, mostMinute }): QueueFigures => ({
        queue: ring,
        shard,
        unit: 'slots',
        size: slots,
        held,
        most,
        mostMinute,
      }),
    );
    if (journal !== null)
      figures.push(bytesOf('journal', journal.ring.byteLength, heldJournalBytes(journal), this.journal));
    figures.push(bytesOf('sockets', SUBSCRIBERS_BYTES_MAX, this.socketBytes, this.sockets));
    figures.push(bytesOf('longest-socket', SUBSCRIBER_BACKPRESSURE_BYTES_MAX, this.longestBytes, this.longest));
    return figures;
  }
}

function bytesOf(queue: QueueName, size: number, held: number, marks: HighWater): QueueFigures {
  marks.note(held);
  const { most, mostMinute } = marks;
  return { queue, shard: null, unit: 'bytes', size, held, most, mostMinute };
}
