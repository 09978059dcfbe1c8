// Gaps that markets are owed for frames that found no room: how many frames each has lost, and when the last of them came.

/** Thread: the producer of the rings. */
export class OwedGaps {
  /** By market. */
  readonly lost: Float64Array;
  readonly receiveNs: Float64Array;
  /** By shard, its markets that are owed one, in the order in which they came to be. */
  private readonly queues: number[][];

  constructor(shards: number, marketsMax: number) {
    this.lost = new Float64Array(marketsMax);
    this.receiveNs = new Float64Array(marketsMax);
    this.queues = Array.from({ length: shards }, () => []);
  }

  /** A frame of a market was lost, received at `receiveNs`: one gap tells of all until it is written. */
  owe(market: number, receiveNs: number): void {
    if (this.lost[market] === 0) this.queues[market % this.queues.length].push(market);
    this.lost[market]++;
    this.receiveNs[market] = receiveNs;
  }

  /** The market has its gap. */
  settle(market: number): void {
    if (this.lost[market] === 0) return;
    this.lost[market] = 0;
    const queue = this.queues[market % this.queues.length];
    // Gaps are written in this order, and read from a journal in it.
    if (queue[0] === market) queue.shift();
    else queue.splice(queue.indexOf(market), 1);
  }

  /** Gaps that a shard's markets are owed. */
  countOf(shard: number): number {
    return this.queues[shard].length;
  }

  /** The market of a shard whose gap is next; there is one. */
  nextOf(shard: number): number {
    return this.queues[shard][0];
  }
}
