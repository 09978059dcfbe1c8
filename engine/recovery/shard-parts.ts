// Joins what a shard tells for a checkpoint, some markets at a time, to its image.

import type { MarketImage } from '../../schemas/shard-task.ts';
import type { ShardImage } from '../journal/checkpoint.ts';

/** Some markets of a shard as they were at a checkpoint; with the last ones the ids of all, in the shard's order. */
export type CheckpointPart = {
  readonly op: 'checkpoint-part';
  readonly number: number;
  readonly image: ShardImage;
  readonly order: readonly number[] | null;
};

/** Of one shard and one checkpoint. */
export class ShardParts {
  private readonly images = new Map<number, MarketImage>();

  /** The whole image with the last part, else null. */
  take({ image, order }: CheckpointPart): ShardImage | null {
    for (const market of image.markets) this.images.set(market.id, market);
    if (order === null) return null;
    const markets = order.map((id) => this.images.get(id)).filter((market) => market !== undefined);
    return { ...image, markets };
  }
}
