// Begins checkpoints, gathers what ingress and the shards give for each, and hands whole ones to the journal.

import type { Checkpoint, IngressImage, ShardImage } from '../journal/checkpoint.ts';
import { type CheckpointPart, ShardParts } from './shard-parts.ts';

export type KeeperParts = {
  readonly shards: number;
  readonly build: string;
  readonly anchorWallUs: number;
  /** Of the last checkpoint there is; numbers go on from it. */
  readonly lastNumber: number;
  readonly intervalMs: number;
  /** Without a part for this long an attempt is over. */
  readonly deadlineMs: number;
  /** Asks ingress to begin one; resolves with null where it cannot now: a ring is full. */
  readonly ask: (number: number) => Promise<IngressImage | null>;
  /** Hands a whole one to the journal; resolves with true once it is on the disk. */
  readonly store: (checkpoint: Checkpoint) => Promise<boolean>;
  /** True where the journal asks for one before its time. */
  readonly isWanted: () => boolean;
  /** True while a shard cannot give its part. */
  readonly isHindered: () => boolean;
  readonly onEvent: (sentence: string) => void;
};

/** How often it is looked whether a checkpoint is due or wanted. */
const LOOK_MS = 250;

type Gathering = {
  readonly number: number;
  readonly parts: readonly ShardParts[];
  readonly images: (ShardImage | null)[];
  /** A part has come. */
  readonly goOn: () => void;
  readonly whole: (images: ShardImage[]) => void;
  readonly abandon: (reason: string) => void;
};

function isPart(message: unknown): message is CheckpointPart {
  return typeof message === 'object' && message !== null && 'op' in message && message.op === 'checkpoint-part';
}

/**
 * One at a time. A part that does not come, because its shard is being replaced or ingress has no room, ends the attempt:
 * nothing of it was written, and the next one begins at the next look. Thread: main.
 */
export class CheckpointKeeper {
  /** Whole ones so far, and attempts that were given up. */
  kept = 0;
  abandoned = 0;
  /** performance.now() of the last whole one. */
  keptAtMs = performance.now();
  private readonly parts: KeeperParts;
  private number: number;
  private gathering: Gathering | null = null;
  private running: Promise<boolean> | null = null;
  private triedAtMs = performance.now();
  private isAsked = false;
  private isClosed = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(parts: KeeperParts) {
    this.parts = parts;
    this.number = parts.lastNumber;
  }

  start(): void {
    this.timer = setInterval(() => this.look(), Math.min(LOOK_MS, this.parts.intervalMs));
    this.timer.unref();
  }

  /** The next look begins one. */
  soon(): void {
    this.isAsked = true;
  }

  private look(): void {
    const isDue = performance.now() - this.triedAtMs >= this.parts.intervalMs;
    if ((isDue || this.isAsked || this.parts.isWanted()) && this.running === null) void this.now();
  }

  /** Begins one, or joins the one that runs; resolves with true where it is whole on the disk. */
  now(): Promise<boolean> {
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  /** As now(), but one that begins from here on, and so has all that came before. */
  async last(): Promise<boolean> {
    await this.running;
    return this.now();
  }

  private async run(): Promise<boolean> {
    if (this.isClosed || this.parts.isHindered()) return false;
    this.isAsked = false;
    this.triedAtMs = performance.now();
    this.number++;
    try {
      const isStored = await this.parts.store(await this.gather(this.number));
      if (!isStored) throw new Error('the journal could not write it');
      this.kept++;
      this.keptAtMs = performance.now();
      return true;
    } catch (error) {
      this.abandoned++;
      this.parts.onEvent(`checkpoint ${this.number} was abandoned: ${error instanceof Error ? error.message : error}`);
      return false;
    } finally {
      this.gathering = null;
    }
  }

  private async gather(number: number): Promise<Checkpoint> {
    const { build, anchorWallUs, ask } = this.parts;
    const shards = this.gatherShards(number);
    // Handled here too: it may fail while ingress is being asked.
    shards.catch(() => undefined);
    const ingress = await ask(number);
    if (ingress === null) throw new Error('a ring had no room');
    return { number, sequence: ingress.sequence, build, anchorWallUs, ingress, shards: await shards };
  }

  private gatherShards(number: number): Promise<ShardImage[]> {
    let late: NodeJS.Timeout | undefined;
    const gathered = new Promise<ShardImage[]>((resolve, reject) => {
      const abandon = (reason: string): void => reject(new Error(reason));
      const timer = setTimeout(() => abandon('not every shard gave its part in time'), this.parts.deadlineMs);
      late = timer;
      const parts = Array.from({ length: this.parts.shards }, () => new ShardParts());
      this.gathering = {
        number,
        parts,
        images: parts.map(() => null),
        goOn: () => timer.refresh(),
        whole: resolve,
        abandon,
      };
    });
    return gathered.finally(() => clearTimeout(late));
  }

  /** A message of a shard, which may be none of this. */
  take(message: unknown): void {
    const { gathering } = this;
    if (!isPart(message) || message.number !== gathering?.number) return;
    gathering.goOn();
    const { shard } = message.image;
    gathering.images[shard] = gathering.parts[shard].take(message);
    const whole = gathering.images.filter((image) => image !== null);
    if (whole.length === gathering.images.length) gathering.whole(whole);
  }

  /** A shard died: what it gave, or had still to give, is of no use. */
  abandon(reason: string): void {
    this.gathering?.abandon(reason);
  }

  /** No more from here on; resolves when the one that runs is over. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.timer !== null) clearInterval(this.timer);
    this.abandon('the engine stops');
    await this.running;
  }
}
