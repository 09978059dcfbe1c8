// When depth channels and views are told: in turn, no more at once than other messages can stand, in a part of main's time.
//
//   interval over ──► due ──► asked ──► told
//                     │       │         └ a share of main's time: until that has gone by nothing more is asked
//                     │       └ a few of a shard at once: all else it writes waits behind their answers
//                     └ each once; the intervals take turns, so that short ones only make one another wait

import { DEPTH_ASKED_MAX, DEPTH_SHARE_MAX } from '../../schemas/stream-limits.ts';
import { shardOf } from '../memory/engine-memory.ts';
import type { Topic } from './topics.ts';

/** Time that was not used before is at hand for this long: ticks come in bursts. */
const UNUSED_MS = 10;

/** What is due of one interval, by shard, in the order of coming. */
type Lane = readonly Set<Topic>[];

export type DepthPaceParts = {
  readonly shards: number;
  readonly nowMs: () => number;
  /** Asks for a topic's book; `told` is called once with the time that its telling took, 0 where there was nothing to tell. */
  readonly ask: (topic: Topic, told: (tookMs: number) => void) => void;
};

export class DepthPace {
  /** Times that an interval was over and the telling before was still due: the topic was told more rarely than it may be. */
  late = 0;
  private readonly parts: DepthPaceParts;
  private readonly lanes = new Map<number, Lane>();
  private readonly asked: number[];
  /** When the time that was taken is paid for. */
  private freeAtMs = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(parts: DepthPaceParts) {
    this.parts = parts;
    this.asked = Array.from({ length: parts.shards }, () => 0);
  }

  private laneOf(intervalMs: number): Lane {
    let lane = this.lanes.get(intervalMs);
    if (lane === undefined) {
      lane = this.asked.map(() => new Set<Topic>());
      this.lanes.set(intervalMs, lane);
    }
    return lane;
  }

  /** The topic is to be told as soon as may be. */
  add(topic: Topic, intervalMs: number): void {
    this.laneOf(intervalMs)[shardOf(topic.market, this.asked.length)].add(topic);
  }

  /** The interval of a topic is over. */
  addAgain(topic: Topic, intervalMs: number): void {
    const due = this.laneOf(intervalMs)[shardOf(topic.market, this.asked.length)];
    if (due.has(topic)) this.late++;
    else due.add(topic);
  }

  /** Asks for what is due, as much as may be: a lane that had its turn goes to the end of the row. */
  turn(): void {
    for (const [intervalMs, lane] of this.lanes) {
      const hasAsked = this.askOf(lane);
      const isEmpty = lane.every(({ size }) => size === 0);
      if (hasAsked || isEmpty) this.lanes.delete(intervalMs);
      if (hasAsked && !isEmpty) this.lanes.set(intervalMs, lane);
    }
    if (this.lanes.size > 0) this.turnLater();
  }

  /** One topic of each shard; false where none could be. */
  private askOf(lane: Lane): boolean {
    let hasAsked = false;
    for (const [shard, due] of lane.entries()) {
      const [topic] = due;
      if (topic === undefined || !this.isFree(shard)) continue;
      due.delete(topic);
      this.ask(topic, shard);
      hasAsked = true;
    }
    return hasAsked;
  }

  private isFree(shard: number): boolean {
    return this.asked[shard] < DEPTH_ASKED_MAX && this.freeAtMs <= this.parts.nowMs();
  }

  private ask(topic: Topic, shard: number): void {
    this.asked[shard]++;
    this.parts.ask(topic, (tookMs) => {
      this.asked[shard]--;
      const fromMs = Math.max(this.freeAtMs, this.parts.nowMs() - UNUSED_MS);
      this.freeAtMs = fromMs + tookMs / DEPTH_SHARE_MAX;
      if (this.lanes.size > 0) this.turnLater();
    });
  }

  /** Not within an answer: what else came with it goes first. */
  private turnLater(): void {
    if (this.timer !== null) return;
    const waitMs = Math.max(1, Math.ceil(this.freeAtMs - this.parts.nowMs()));
    this.timer = setTimeout(() => {
      this.timer = null;
      this.turn();
    }, waitMs);
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.lanes.clear();
  }
}
