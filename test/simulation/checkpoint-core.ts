// Checkpoints of a simulated run: asked of ingress, gathered from the shards, written by the journal. Nothing waits.

import type { Checkpoint, IngressImage, ShardImage } from '../../engine/journal/checkpoint.ts';
import type { CheckpointAt } from '../../engine/recovery/rebuild-plan.ts';
import { ShardParts } from '../../engine/recovery/shard-parts.ts';
import type { ShardMessage } from '../../workers/shard-message.ts';

export type CheckpointParts = {
  readonly shards: number;
  readonly build: string;
  readonly anchorWallUs: number;
  readonly nextNumber: number;
  readonly known: readonly CheckpointAt[];
  readonly ask: (number: number) => IngressImage | null;
  readonly store: (checkpoint: Checkpoint, done: (isWritten: boolean) => void) => void;
};

/** As many as a journal keeps. */
const KNOWN = 2;

type Gathering = {
  readonly number: number;
  readonly ingress: IngressImage;
  readonly parts: readonly ShardParts[];
  readonly images: Map<number, ShardImage>;
};

export class CheckpointCore {
  begun = 0;
  kept = 0;
  abandoned = 0;
  /** On the disk, newest first. */
  known: readonly CheckpointAt[];
  private readonly parts: CheckpointParts;
  private number: number;
  private gathering: Gathering | null = null;
  private isBeingWritten = false;

  constructor(parts: CheckpointParts) {
    this.parts = parts;
    this.number = parts.nextNumber;
    this.known = parts.known;
  }

  get isRunning(): boolean {
    return this.gathering !== null || this.isBeingWritten;
  }

  /** Begins one, where none runs. */
  begin(): void {
    if (this.isRunning) return;
    const number = this.number++;
    this.begun++;
    const ingress = this.parts.ask(number);
    if (ingress === null) this.abandoned++;
    else {
      const parts = Array.from({ length: this.parts.shards }, () => new ShardParts());
      this.gathering = { number, ingress, parts, images: new Map() };
    }
  }

  /** A message of a shard, which may be none of this. */
  take(message: ShardMessage): void {
    const { gathering, parts } = this;
    if (message.op !== 'checkpoint-part' || message.number !== gathering?.number) return;
    const { shard } = message.image;
    const image = gathering.parts[shard].take(message);
    if (image !== null) gathering.images.set(shard, image);
    if (gathering.images.size < parts.shards) return;
    this.gathering = null;
    this.write(gathering);
  }

  private write({ number, ingress, images }: Gathering): void {
    const { build, anchorWallUs, store } = this.parts;
    const { sequence } = ingress;
    this.isBeingWritten = true;
    store({ number, sequence, build, anchorWallUs, ingress, shards: [...images.values()] }, (isWritten) => {
      this.isBeingWritten = false;
      if (!isWritten) this.abandoned++;
      else {
        this.kept++;
        this.known = [{ number, sequence }, ...this.known].slice(0, KNOWN);
      }
    });
  }

  /** A shard died: what it had still to give does not come. */
  abandon(): void {
    if (this.gathering === null) return;
    this.gathering = null;
    this.abandoned++;
  }
}
