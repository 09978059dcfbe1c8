// How far each channel of each market has been exported, so that what comes again is known.

import type { TradeBar } from '../../schemas/feed.ts';
import type { RowMessage } from './tables.ts';

/** Of trades, and of bars that trades bound: the last receive time, and what had it. */
type Sequence = { at: string; rows: Record<string, number> };
/** Of bars that the clock bounds, the last by their start: what is known of each, as `REVISION COMPLETENESS`. */
type Bars = Record<string, string>;

/** `floor`: bars up to this start are known no more; empty where all are. `at`: the newest receive time of all. */
type BarPosition = { readonly bars: Bars; readonly floor: string; readonly at: string };
export type Position = { readonly sequence: Sequence } | BarPosition;
export type Positions = Readonly<Record<string, Position>>;

/** Revisions come within the allowed lateness, and bars of a back-fill soon after: a few of the last are enough. */
const BARS_KNOWN = 256;

const isTimed = (message: RowMessage): message is TradeBar => message.type === 'trade_bar' && message.kind === 'time';

/** Says which of two rows of one receive time are the same: the id where there is one, else everything but the numbering. */
function keyOf(message: RowMessage): string {
  if (message.type === 'trade' && message.id !== null) return message.id;
  const { seq, prevSeq, channel, localTimestamp, ...rest } = message;
  return JSON.stringify(rest);
}

/** Ids come from outside: no object has a meaning for them. */
const copyOf = ({ at, rows }: Sequence): Sequence => ({ at, rows: Object.assign(Object.create(null), rows) });

class Lane {
  sequence: Sequence = { at: '', rows: {} };
  readonly bars = new Map<string, string>();
  /** Of the bars that are known no more the newest start. */
  private floor = '';
  /** What is left of the rows that may come again; null once something newer came. */
  private again: Sequence | null = null;

  static of(position: Position): Lane {
    const lane = new Lane();
    if ('sequence' in position) lane.sequence = copyOf(position.sequence);
    else {
      for (const [start, known] of Object.entries(position.bars)) lane.bars.set(start, known);
      lane.floor = position.floor;
      lane.sequence.at = position.at;
    }
    return lane;
  }

  get position(): Position {
    const { floor, sequence } = this;
    if (this.bars.size > 0) return { bars: Object.fromEntries(this.bars), floor, at: sequence.at };
    return { sequence: copyOf(this.sequence) };
  }

  beginAgain(): void {
    this.again = copyOf(this.sequence);
  }

  /** False where the row has been taken before. */
  take(message: RowMessage): boolean {
    return isTimed(message) ? this.takeBar(message) : this.takeNext(message, keyOf(message));
  }

  private takeBar({ startTimestamp, revision, completeness, localTimestamp }: TradeBar): boolean {
    const at = localTimestamp ?? '';
    const known = this.bars.get(startTimestamp);
    // A source that begins again tells bars from long before; one that goes on revises such a bar only by what came later.
    if (known === undefined && startTimestamp <= this.floor && this.again !== null && at <= this.again.at) return false;
    if (known !== undefined) {
      const [before, was] = known.split(' ');
      if (revision < Number(before) || (revision === Number(before) && completeness === was)) return false;
    }
    if (at > this.sequence.at) this.sequence.at = at;
    if (startTimestamp > this.floor) this.bars.set(startTimestamp, `${revision} ${completeness}`);
    if (this.bars.size > BARS_KNOWN) this.forgetOldest();
    return true;
  }

  private forgetOldest(): void {
    let oldest: string | null = null;
    for (const start of this.bars.keys()) if (oldest === null || start < oldest) oldest = start;
    if (oldest === null) return;
    this.bars.delete(oldest);
    this.floor = oldest;
  }

  private takeNext(message: RowMessage, key: string): boolean {
    const at = message.localTimestamp ?? '';
    const { again } = this;
    if (again !== null) {
      if (at < again.at) return false;
      if (at > again.at) this.again = null;
      else if ((again.rows[key] ?? 0) > 0) {
        again.rows[key]--;
        return false;
      }
    }
    if (at !== this.sequence.at) this.sequence = { at, rows: Object.create(null) as Record<string, number> };
    this.sequence.rows[key] = (this.sequence.rows[key] ?? 0) + 1;
    return true;
  }
}

/** The positions of one table, by channel with its market. */
export class TablePositions {
  private readonly lanes = new Map<string, Lane>();
  /** Receive time of the newest row of all; empty before the first. */
  newest = '';

  constructor(positions: Positions = {}) {
    for (const [channel, position] of Object.entries(positions)) {
      const lane = Lane.of(position);
      this.lanes.set(channel, lane);
      if (lane.sequence.at > this.newest) this.newest = lane.sequence.at;
    }
  }

  get positions(): Positions {
    return Object.fromEntries([...this.lanes].map(([channel, lane]) => [channel, lane.position]));
  }

  /** Receive time of the newest row of a channel; null before its first. */
  atOf(channel: string): string | null {
    return this.lanes.get(channel)?.sequence.at || null;
  }

  /** What comes next may have come before: from a source that begins somewhere before the end of what is there. */
  beginAgain(): void {
    for (const lane of this.lanes.values()) lane.beginAgain();
  }

  /** False where the row has been taken before. */
  take(message: RowMessage): boolean {
    const at = message.localTimestamp ?? '';
    if (at > this.newest) this.newest = at;
    let lane = this.lanes.get(message.channel);
    if (lane === undefined) {
      lane = new Lane();
      this.lanes.set(message.channel, lane);
    }
    return lane.take(message);
  }
}
