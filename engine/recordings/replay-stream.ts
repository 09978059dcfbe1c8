// Runs recordings through the engine's own path and hands on what a subscriber of /stream would have got, line by line.

import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { MARKETS_MAX, REPLAY_CHUNK_CHARACTERS } from '../../schemas/config.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import { Interest, RecordType, RequestKind } from '../../schemas/ids.ts';
import { ringControl } from '../../schemas/ring.ts';
import { shardWords } from '../../schemas/shared-state.ts';
import { SIGNAL_WORDS } from '../../schemas/signals.ts';
import { EngineClock } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import { acceptsOf, type MarketPlans } from '../base/market-plans.ts';
import { Ingress } from '../ingress/ingress.ts';
import type { JournalRead } from '../ingress/journal-source.ts';
import type { ReplayCounts } from '../ingress/replay-source.ts';
import { createEngineMemory, type EngineMemory } from '../memory/engine-memory.ts';
import { MarketNames } from '../memory/market-names.ts';
import { ShardPool } from '../pool/pool.ts';
import { OutputRecords } from '../publish/output-records.ts';
import { marketFilter, type ReplayRequest } from '../publish/replay-request.ts';
import { type Answer, Requests } from '../publish/requests.ts';
import { Doorbell } from '../ring/doorbell.ts';
import { type RingMemory, RingReader } from '../ring/spsc-ring.ts';
import { anchorOf, type RecordedFiles, rejectedOf, requireReadable } from './replay.ts';
import { ReplayLines } from './replay-lines.ts';

export type ReplayStreamOptions = RecordedFiles & {
  readonly request: ReplayRequest;
  readonly plans: MarketPlans;
  /** Times recorded speed from the first line on; 0 is as fast as it goes. */
  readonly speed: number;
  readonly marketsMax?: number;
  /** Called once, when the files can be read, with their first moment; null where they tell no times. */
  readonly onBegin?: (firstUs: number | null) => void;
  /** Ends the replay, which then rejects with its reason, also where nothing is to be told for long. */
  readonly stopped?: AbortSignal;
  /** Takes whole lines; while its promise is open nothing more is read. Rejects to end the replay. */
  readonly write: (lines: string) => Promise<void> | void;
};

export type ReplayStreamed = {
  readonly lines: number;
  /** Lines among them that tell a hole. */
  readonly gaps: number;
  readonly frames: number;
  /** Frames among them that the venue's decoder did not know, and those it refused by category. */
  readonly unknown: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly journals: readonly JournalRead[];
};

/** One shard makes the whole stream, so its order is that in which the frames came, over all markets. */
const SHARDS = 1;
const POLL_MS = 1;
/** Turns of a shard after which all that it had taken before has been told. */
const TURNS_TOLD = 2;
/** Bits and questions of each kind of channel. */
const QUESTIONS: Readonly<Record<string, number>> = {
  ...{ book: RequestKind.book, bbo: RequestKind.book, bar: RequestKind.bars },
  ...{ signal: RequestKind.signals, status: RequestKind.status },
};

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal === undefined) return;
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function held({ memory }: RingMemory): number {
  const control = new Int32Array(memory, 0, Math.max(ringControl.tail, ringControl.head) + 1);
  return (Atomics.load(control, ringControl.tail) - Atomics.load(control, ringControl.head)) | 0;
}

class ReplayStream {
  private readonly options: ReplayStreamOptions;
  private readonly memory: EngineMemory;
  private readonly names: MarketNames;
  private readonly lines: ReplayLines;
  private readonly requests: Requests;
  private readonly records: OutputRecords;
  private readonly bell: Doorbell;
  private readonly isWanted: (name: string) => boolean;
  private isOver = false;

  constructor(options: ReplayStreamOptions, memory: EngineMemory) {
    const { request, plans } = options;
    const [shard] = memory.shards;
    this.options = options;
    this.memory = memory;
    this.names = new MarketNames(memory);
    this.isWanted = marketFilter(request.markets);
    this.lines = new ReplayLines(this.names, request.channels, this.isWanted);
    this.requests = new Requests(memory);
    this.records = new OutputRecords(new RingReader(shard.output), new EngineClock(memory.anchor), plans);
    this.bell = new Doorbell(memory.mainDoorbell);
  }

  async run(): Promise<ReplayStreamed> {
    const { files, venue, speed, plans, request } = this.options;
    const { memory } = this;
    const pool = await ShardPool.start(memory, {
      plans,
      isReplay: 'stream',
      isGcMeasured: false,
      onEvent: (sentence) => process.stderr.write(`millrace: ${sentence}\n`),
    });
    const span = { fromUs: request.fromUs, toUs: request.toUs };
    const accepts = acceptsOf(plans);
    const ingress = new Ingress({ memory, listen: null, feeds: [], accepts, replay: { files, venue, speed, span } });
    const failed = pool.failed();
    try {
      const counts = await Promise.race([this.show(ingress, pool), failed, untilAborted(this.options.stopped)]);
      const counters = new Float64Array(memory.ingressCounters);
      return {
        ...{ lines: this.lines.count, gaps: this.lines.gaps, frames: counts.frames, journals: counts.journals },
        ...{ unknown: counters[ingressCounter.unknown], rejected: rejectedOf(counters) },
      };
    } finally {
      this.isOver = true;
      failed.catch(() => undefined);
      await ingress.end();
      await pool.destroy();
    }
  }

  private async show(ingress: Ingress, pool: ShardPool): Promise<ReplayCounts> {
    const replayed = ingress.replayed();
    replayed.catch(() => undefined);
    await Promise.race([ingress.paused(), replayed]);
    await this.begin();
    ingress.goOn();
    let isEnded = false;
    const ended = replayed.then(async (counts) => {
      await pool.stop();
      return counts;
    });
    const wake = (): void => {
      isEnded = true;
      this.bell.ring();
    };
    ended.then(wake, wake);
    await this.drain(() => isEnded);
    return ended;
  }

  /** Everything before has been committed: once it is applied, what is asked for is listened to and told as it stands. */
  private async begin(): Promise<void> {
    const [shard] = this.memory.shards;
    await this.until(() => held(shard.input) === 0);
    await this.turns();
    const count = this.names.count;
    this.listen(count);
    const asked = this.ask(count);
    await this.answered(shard.command);
    for (const [market, answers] of asked) this.lines.current(market, answers);
    await this.flush();
  }

  private async until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.isOver) await sleep(POLL_MS);
  }

  private async turns(): Promise<void> {
    const [shard] = this.memory.shards;
    const words = new Int32Array(shard.words);
    const from = Atomics.load(words, shardWords.at.heartbeat);
    await this.until(() => {
      new Doorbell(shard.doorbell).ring();
      return ((Atomics.load(words, shardWords.at.heartbeat) - from) | 0) >= TURNS_TOLD;
    });
  }

  /** Markets to come have no names yet: all of them are listened to, and those not asked for left out later. */
  private listen(known: number): void {
    const { interest, signalInterest, marketsMax } = this.memory;
    const words = new Int32Array(interest);
    const signals = new Int32Array(signalInterest);
    const { channels } = this.options.request;
    const bits = channels.reduce((sum, { interest: bit }) => sum | bit, 0);
    const wanted = channels.filter(({ interest: bit }) => bit === Interest.signal).map(({ number }) => number);
    for (let market = 0; market < marketsMax; market++) {
      if (market < known && !this.isWanted(this.names.of(market).name)) continue;
      for (const number of wanted) signals[market * SIGNAL_WORDS + (number >> 5)] |= 1 << (number & 31);
      Atomics.or(words, market, bits);
    }
  }

  /** Asks for what there is of each market, in the order of their ids; answers come into the lists. */
  private ask(known: number): Map<number, Answer[]> {
    const asked = new Map<number, Answer[]>();
    for (let market = 0; market < known; market++) {
      if (!this.isWanted(this.names.of(market).name)) continue;
      const answers: Answer[] = [];
      asked.set(market, answers);
      for (const question of this.questions())
        this.requests.ask({ market, ...question }, 0, (answer) => {
          if (answer !== null) answers.push(answer);
        });
    }
    return asked;
  }

  /** One question of a kind, but one for each kind of bar. */
  private questions(): { kind: number; limit: number; barKind: number }[] {
    const { channels } = this.options.request;
    const isBookWhole = channels.some(({ kind }) => kind === 'book');
    const found = new Map<string, { kind: number; limit: number; barKind: number }>();
    for (const { kind: channel, number } of channels) {
      const kind = QUESTIONS[channel];
      if (kind === undefined) continue;
      const barKind = kind === RequestKind.bars ? number : 0;
      const limit = kind === RequestKind.bars || (kind === RequestKind.book && !isBookWhole) ? 1 : 0;
      found.set(`${kind} ${barKind}`, { kind, limit, barKind });
    }
    return [...found.values()];
  }

  /** A market that has only its name has no state, and no answer: all is answered when the shard has taken every question. */
  private async answered(commands: RingMemory): Promise<void> {
    await this.until(() => {
      this.requests.tick(0);
      this.takeAnswers();
      return held(commands) === 0;
    });
    await this.turns();
    this.takeAnswers();
  }

  private takeAnswers(): void {
    const { records } = this;
    const available = records.ring.available();
    for (let offset = 0; offset < available; ) {
      if (records.type(offset) === RecordType.answer) offset += this.requests.take(records, offset);
      else offset++;
    }
    records.ring.release(available);
  }

  /** Takes what the shard tells until nothing more can come. */
  private async drain(isEnded: () => boolean): Promise<void> {
    const { ring } = this.records;
    while (!this.isOver) {
      const isLast = isEnded();
      if (ring.available() > 0) {
        await this.takeSome();
        // Where there is always more, nothing else would have its turn: no signal, and no answer to a client that has gone.
        await setImmediate();
      } else if (isLast) break;
      else await this.wait(isEnded);
    }
    await this.flush();
  }

  /** The lines of what is there; what has been read is given back before they are handed on. */
  private async takeSome(): Promise<void> {
    const { records, lines } = this;
    const available = records.ring.available();
    let offset = 0;
    while (offset < available && lines.text.length < REPLAY_CHUNK_CHARACTERS)
      offset += records.type(offset) === RecordType.stamp ? 1 : lines.take(records, offset);
    records.ring.release(offset);
    if (lines.text.length >= REPLAY_CHUNK_CHARACTERS) await this.flush();
  }

  private async wait(isEnded: () => boolean): Promise<void> {
    await this.flush();
    const seen = this.bell.announce();
    if (this.records.ring.available() > 0 || isEnded() || this.isOver) this.bell.cancel();
    else await this.bell.sleepAsync(seen);
  }

  private async flush(): Promise<void> {
    const text = this.lines.takeText();
    if (text !== '') await this.options.write(text);
  }
}

/** Rejects with a UsageError where a file cannot be read, or tells no times and a span is asked for. */
export async function streamReplay(options: ReplayStreamOptions): Promise<ReplayStreamed> {
  const { files, venue, request } = options;
  await requireReadable(files, venue);
  const { anchor, firstUs } = await anchorOf(files);
  if (firstUs === null && (request.fromUs !== null || request.toUs !== null))
    throw new UsageError('--from, --to: expected a recording whose lines have times, was one without');
  const memory = createEngineMemory({ shards: SHARDS, marketsMax: options.marketsMax ?? MARKETS_MAX }, anchor);
  options.onBegin?.(firstUs);
  return new ReplayStream(options, memory).run();
}
