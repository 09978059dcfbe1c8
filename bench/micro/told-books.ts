// What does a checksum on each book change cost, beside applying the change and telling it?
//
//   changes ──► ladders                                              applied
//   changes ──► ladders ──► checksum                                 … and its checksum
//   changes ──► ladders ──► output ring ──► message ──► JSON, history    … and told: with its checksum, as always
//
// Three levels a change near the touch, of books of forty levels a side, which is where checksums change most.

import { EngineClock } from '../../engine/base/clock.ts';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { streamJson } from '../../engine/publish/encode-json.ts';
import { History, HistoryBudget } from '../../engine/publish/history.ts';
import { addressOf } from '../../engine/publish/messages.ts';
import { OutputRecords } from '../../engine/publish/output-records.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { LevelFlag, RecordType } from '../../schemas/ids.ts';
import { Ladder, LEVEL_STRIDE } from '../../workers/book/ladder.ts';
import { type BookHead, fillBookHead, writeLevel } from '../../workers/output/answers.ts';
import { toldChecksum } from '../../workers/output/told-checksum.ts';
import { OutputWriter } from '../../workers/output/writer.ts';
import { check, type Results, type Size } from '../harness.ts';
import { type Turn, takeTurns } from '../support/turns.ts';

const LEVELS_PER_CHANGE = 3;
const DEPTH = 40;
const TOUCH_MILLI = 97_000_000;
const TICK_MILLI = 10;
/** A third of the levels go. */
const GOING = 3;
const WINDOW_MS = 30_000;
const SEED = 7;

/** Levels with their side in a list beside them; the same on each run. */
function levelsOf(count: number): { readonly values: Float64Array; readonly sides: Uint8Array } {
  const values = new Float64Array(count * LEVEL_STRIDE);
  const sides = new Uint8Array(count);
  let state = SEED;
  const draw = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  for (let i = 0; i < count; i++) {
    sides[i] = draw(2);
    const rank = Math.floor((draw(DEPTH) * draw(DEPTH)) / DEPTH);
    values[i * LEVEL_STRIDE] = TOUCH_MILLI + (sides[i] === 1 ? 1 + rank : -rank) * TICK_MILLI;
    if (draw(GOING) === 0) continue;
    values[i * LEVEL_STRIDE + 2] = draw(2_000);
    values[i * LEVEL_STRIDE + 3] = draw(100_000) * 1e10;
  }
  return { values, sides };
}

type Levels = ReturnType<typeof levelsOf>;

/** The book, which goes on from run to run. */
class AppliedTurn implements Turn {
  readonly bids = new Ladder(true);
  readonly asks = new Ladder(false);
  protected readonly levels: Levels;
  protected readonly changes: number;

  constructor(levels: Levels) {
    this.levels = levels;
    this.changes = levels.sides.length / LEVELS_PER_CHANGE;
  }

  prepare(): void {}

  run(): void {
    for (let change = 0; change < this.changes; change++) {
      this.begin();
      for (let i = 0; i < LEVELS_PER_CHANGE; i++) this.apply(change * LEVELS_PER_CHANGE + i);
      this.end(change);
    }
  }

  protected begin(): void {}

  protected apply(index: number): void {
    const { values, sides } = this.levels;
    (sides[index] === 1 ? this.asks : this.bids).apply(values, index * LEVEL_STRIDE, 2, 8);
  }

  protected end(_change: number): void {}
}

class ChecksumTurn extends AppliedTurn {
  sum = 0;

  protected override end(): void {
    this.sum ^= toldChecksum(this.bids, this.asks);
  }
}

class ToldTurn extends AppliedTurn {
  bytes = 0;
  last = 0;
  private readonly memory = createEngineMemory({ shards: 1, marketsMax: 1, inputSlots: 64, outputSlots: 64 });
  private readonly output = new OutputWriter(
    this.memory.shards[0].output,
    this.memory.mainDoorbell,
    new Float64Array(this.memory.shards[0].counters),
  );
  private readonly records = new OutputRecords(
    new RingReader(this.memory.shards[0].output),
    new EngineClock(this.memory.anchor),
    { barKinds: [], signals: [] },
  );
  private readonly history = new History(new HistoryBudget(), WINDOW_MS);
  private readonly address = addressOf('book.x:Y', { venue: 'x', symbol: 'Y' });
  private readonly times = new Float64Array(2);
  private readonly book: BookHead = {
    ...{ receiveTimeNs: 1e9, exchangeTimeUs: 1_767_225_600_000_000, bookSequence: 1, venueSequence: 1 },
    ...{ state: 2, reason: 0, bids: this.bids, asks: this.asks },
  };
  private head = 0;

  protected override begin(): void {
    this.output.begin(0);
    this.head = this.output.claim(RecordType.bookChange, 0, 0);
  }

  protected override apply(index: number): void {
    const { values, sides } = this.levels;
    super.apply(index);
    writeLevel(this.output, sides[index] === 1 ? LevelFlag.ask : 0, values, index * LEVEL_STRIDE, false);
  }

  protected override end(change: number): void {
    fillBookHead(this.output, this.head, this.book, LEVELS_PER_CHANGE);
    this.output.end();
    this.output.commit(this.times, 0, 1);
    const message = this.records.book(0);
    const text = streamJson(message, this.address, change, change, '"');
    this.bytes += this.history.push(text, change, change, 0).length;
    this.last = message.checksum ?? 0;
    this.records.ring.release(this.records.ring.available());
  }
}

export function toldBooks(results: Results, size: Size): void {
  const changes = size === 'full' ? 20_000 : 500;
  const levels = levelsOf(changes * LEVELS_PER_CHANGE);
  const [applied, summed, told] = [new AppliedTurn(levels), new ChecksumTurn(levels), new ToldTurn(levels)];
  const times = takeTurns([applied, summed, told], size).map((rounds) => rounds.map((ms) => (ms * 1e6) / changes));
  check(told.bytes > 0 && told.last === toldChecksum(applied.bids, applied.asks), 'told books: expected equal books');
  const beyond = (turn: number): number[] => times[turn].map((ns, round) => ns - times[0][round]);
  const [checksum, telling] = [beyond(1), beyond(2)];
  results.add('a book change applied', 'ns/change', times[0]);
  results.add('its checksum', 'ns/change', checksum);
  results.add('telling it, shard and main, checksum and all', 'ns/change', telling);
  results.ratio('its checksum / telling it', checksum, telling, 'telling it', '≤ 0.33');
}
