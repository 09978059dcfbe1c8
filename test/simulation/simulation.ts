// One simulated run: which part of the engine acts next, what goes wrong, and whether all is right again in the end.

import { FrameResult } from '../../schemas/ids.ts';
import { MemoryFolder } from '../support/memory-folder.ts';
import { Accounts } from './accounts.ts';
import { Bounds } from './bounds.ts';
import { Broken } from './broken.ts';
import { Choices } from './choices.ts';
import { EngineCore, type EngineSizes } from './engine-core.ts';
import { EventLog } from './event-log.ts';
import { type FaultLevels, NO_FAULTS } from './faults.ts';
import { InputLog } from './input-log.ts';
import { faultDisk, keptIn, mendDisk } from './journal-core.ts';
import { Judge } from './judge.ts';
import { NamedFeed, type NamedSocket } from './named-feed.ts';
import { Numbers } from './numbers.ts';
import { channelsOf, drawPlan, type FeedPlan, type RunPlan } from './plan.ts';
import { Reader } from './reader.ts';
import type { RunOptions, RunResult } from './run-result.ts';
import type { ShardCore } from './shard-core.ts';
import type { TrueMarket } from './truth.ts';
import { type Feed, type FeedSocket, type SentFrame, VenueFeed } from './venue-feed.ts';
import { VirtualWorld } from './virtual-world.ts';
import type { Wire } from './wire.ts';

const STEPS = 1_000;
/** Virtual time within which everything must be right again once nothing goes wrong any more. */
const RECOVERY_MS = 10_000;
const CALM_STEP_US = 20_000;
const CALM_EVENTS = 100;
const CALM_TURNS = 3;
const CATCH_UP_ROUNDS = 10_000;
const BOUNDS_EVERY = 50;
const WAITS = 'a producer waits for its acknowledgement';
/** So much more likely to be ended is a shard that is rebuilt. */
const DEATHS_IN_REBUILD = 20;

export class Simulation {
  /** The engine of now: another after each end of the process. */
  core: EngineCore;
  private readonly options: RunOptions;
  private readonly world: VirtualWorld;
  private readonly folder: MemoryFolder;
  private readonly inputs = new InputLog();
  private readonly numbers: Numbers;
  private readonly bounds: Bounds;
  private readonly log: EventLog;
  private readonly seed: number;
  private readonly choices: Choices;
  private readonly plan: RunPlan;
  private readonly feeds: readonly Feed[];
  private readonly readers: readonly Reader[];
  private readonly markets = new Map<string, TrueMarket>();
  /** Markets of producers with a name. */
  private readonly named: ReadonlySet<string>;
  private readonly accounts: Accounts;
  private readonly judge: Judge;
  private readonly faultCounts = new Map<string, number>();
  private faults: FaultLevels;
  private failedElsewhere: unknown = null;
  /** By shard, when it goes on. */
  private stalledUntilMs: number[] = [];
  private processes = 0;

  private constructor(seed: number, world: VirtualWorld, options: RunOptions) {
    this.seed = seed;
    this.world = world;
    this.options = options;
    this.folder = new MemoryFolder((ms) => world.pass(ms * 1000));
    this.choices = new Choices(seed);
    this.log = new EventLog(() => world.nowMs(), options.echo ?? null);
    this.plan = drawPlan(this.choices);
    const { sizes, feeds, readers } = this.plan;
    this.faults = this.plan.faults;
    const fail = (what: string): never => this.fail(what);
    this.accounts = new Accounts(fail);
    this.numbers = new Numbers(fail);
    this.bounds = new Bounds(fail);
    for (const market of feeds.flatMap((feed) => feed.markets)) this.markets.set(market.name, market);
    const named = feeds.filter(({ producer }) => producer !== null).flatMap(({ markets }) => markets);
    this.named = new Set(named.map(({ name }) => name));
    this.core = this.makeCore(sizes);
    this.judge = new Judge(this.core, this.inputs, this.markets, this.accounts, fail);
    this.feeds = feeds.map((feed) => this.makeFeed(feed));
    this.readers = Array.from({ length: readers }, (_, index) => this.makeReader(`reader ${index}`));
    world.onSleep = (timeoutMs) => this.othersAct(timeoutMs);
    this.log.add(`begins ${JSON.stringify(sizes)} ${feeds.map(({ wire }) => wire.dialect).join(' ')}`);
  }

  private makeCore(sizes: EngineSizes): EngineCore {
    const { world, folder, inputs, options } = this;
    const core = new EngineCore({ world, folder, inputs }, sizes);
    options.spoil?.(core);
    this.stalledUntilMs = core.shards.map(() => 0);
    return core;
  }

  /** Runs a seed to its end; throws Broken where a promise does not hold. */
  static run(seed: number, options: RunOptions = {}): RunResult {
    const world = new VirtualWorld();
    return world.run(() => new Simulation(seed, world, options).play());
  }

  private fail(what: string, cause?: unknown): never {
    throw new Broken(this.seed, this.world.nowMs(), what, [...this.log.latest], cause);
  }

  private makeFeed({ wire, markets, producer }: FeedPlan): Feed {
    const choices = this.choices.fork();
    if (producer === null) {
      const connect = (): FeedSocket => {
        const { socket, receive } = this.connect(wire, '', false);
        return { receive, close: () => socket.finish(1006) };
      };
      return new VenueFeed(wire, markets, choices, connect);
    }
    const connect = (): NamedSocket => this.connect(wire, `producer=${producer}`, true);
    const note = (event: string): void => this.log.add(event);
    return new NamedFeed(wire, markets, choices, { connect, fail: (what) => this.fail(what), note });
  }

  /** The engine's end of a producer's connection, which says what becomes of each frame. */
  private connect(wire: Wire, query: string, isNamed: boolean): NamedSocket {
    const onWay: SentFrame[] = [];
    const socket = this.core.ingress.connect(wire.dialect, query, (result, entry) => {
      const frame = onWay.shift();
      if (frame === undefined) return this.fail(`${wire.dialect}: a frame was taken that was not sent`);
      if (this.failedElsewhere === null) this.accounts.taken(frame, result, isNamed, entry);
      if (result !== FrameResult.applied) this.log.add(`${wire.dialect} ${frame.kind} result ${result}`);
    });
    const receive = (frame: SentFrame): void => {
      if (socket.closeCode !== null) return;
      onWay.push(frame);
      socket.receive(frame.text);
    };
    return { socket, receive };
  }

  private makeReader(name: string): Reader {
    const { markets, choices, numbers } = this;
    const fail = (what: string): never => this.fail(what);
    const note = (event: string): void => this.log.add(event);
    return new Reader({
      name,
      connect: () => this.core.main.connect(),
      numbers,
      markets,
      choices: choices.fork(),
      isForgetful: () => this.judge.begunAnew.size > 0,
      fail,
      note,
    });
  }

  private count(fault: string): void {
    this.faultCounts.set(fault, (this.faultCounts.get(fault) ?? 0) + 1);
    this.log.add(fault);
  }

  private play(): RunResult {
    try {
      this.begin();
      for (const feed of this.feeds) if (this.choices.chance(0.8)) feed.open(this.venueTimeMs());
      for (let step = 0; step < STEPS; step++) this.step(step);
      this.calm();
      this.judge.settled(this.readers);
      if (this.faultCounts.has('shard death') || this.processes > 1) this.judge.undisturbed();
      this.judge.bars();
      this.bounds.check(this.core);
      this.judge.exactlyOnce([...this.markets.values()].filter(({ name }) => this.named.has(name)));
    } catch (error) {
      if (error instanceof Broken) throw error;
      this.fail(error instanceof Error ? error.message : String(error), error);
    }
    return this.result();
  }

  // ---- the end of a process, and the next one

  /** The ports open once what a journal has is applied. Returns true where that lacked something. */
  private begin(): boolean {
    const { core } = this;
    const recovered = core.begin(() => this.catchUp());
    this.processes++;
    this.rethrow();
    if (recovered !== null && this.processes > 1) this.log.add(`applied ${recovered.entries} ${recovered.damages}`);
    return recovered !== null && recovered.damageCount > 0;
  }

  private catchUp(): void {
    const { core } = this;
    for (let round = 0; round < CATCH_UP_ROUNDS; round++) {
      for (const shard of core.shards.keys()) this.shardTurn(shard);
      if (core.shards.every((_, shard) => core.ingress.writer.heldSlots(shard) === 0)) return;
      this.world.pass(1_000);
    }
    this.fail('the shards did not catch up with the journal');
  }

  /** The process ends, or the machine; another begins with what is in the folder. What was acknowledged is there. */
  private endProcess(): void {
    const { world, folder, choices, core, feeds, readers } = this;
    const isMachine = choices.chance(0.5);
    this.count(isMachine ? 'machine ends' : 'process ends');
    for (const feed of feeds) feed.lose();
    for (const reader of readers) reader.lose();
    world.forgetTimers();
    mendDisk(folder);
    if (isMachine) folder.crash(() => choices.below(2 ** 20) / 2 ** 20);
    else folder.die();
    const kept = keptIn(folder);
    const entries = this.accounts.namedEntries;
    for (const feed of feeds)
      if (feed instanceof NamedFeed) feed.expectAfter((number) => kept.has(entries.get(number) ?? 0));
    this.accounts.restart(kept);
    world.advance(choices.between(1, 3_000_000));
    this.core = this.makeCore({ ...this.plan.sizes, shards: choices.between(1, 3) });
    this.judge.core = this.core;
    const isHoled = this.begin();
    if (isHoled) for (const name of this.markets.keys()) this.judge.holed.add(name);
    for (const feed of feeds) if (isHoled && feed instanceof NamedFeed) feed.expectHole();
    const begunAt = (core.journal?.opened.sequence ?? 0) + 1;
    this.numbers.restart((name) => this.named.has(name) && !this.judge.holed.has(name), kept.has(begunAt));
    this.log.add(`${this.core.shards.length} shards follow ${core.shards.length}`);
  }

  private result(): RunResult {
    return {
      seed: this.seed,
      hash: this.log.digest(),
      events: this.log.count,
      virtualMs: this.world.nowMs(),
      frames: this.accounts.frames,
      messages: this.readers.reduce((sum, { messages }) => sum + messages, 0),
      faults: this.faultCounts,
    };
  }

  // ---- safety: anything may happen in any order

  private step(step: number): void {
    if (step % BOUNDS_EVERY === 0) this.bounds.check(this.core);
    this.world.advance(this.choices.between(1, 2_000));
    this.rethrow();
    this.misfortune();
    const act = this.choices.weighted<() => void>([
      [10, () => this.happen()],
      [7, () => this.deliver(this.choices.between(1, 40))],
      [6, () => this.shardTurn(this.choices.below(this.core.shards.length))],
      [4, () => this.mainRound()],
      [4, () => this.read(this.choices.pick(this.readers), this.choices.between(1, 60))],
      [3, () => this.journalTurn()],
      [1, () => this.checkpoint(this.choices.chance(0.3))],
      [1, () => this.snapshot()],
      [1, () => this.openSomething()],
      [1, () => this.judge.ask(this.choices.pick([...this.markets.keys()]))],
      [1, () => this.world.advance(this.choices.between(1, 100_000))],
    ]);
    act();
  }

  private venueTimeMs(): number {
    return Math.floor(this.world.trueWallUs() / 1000);
  }

  private happen(): void {
    const feed = this.choices.pick(this.feeds);
    for (let left = this.choices.between(1, 6); left > 0; left--) feed.happen(this.venueTimeMs(), this.faults);
  }

  /** Frames of several sockets come in with one turn of the event loop. */
  private deliver(most: number): void {
    let count = 0;
    for (const feed of this.feeds) if (this.choices.chance(0.6)) count += feed.deliver(most);
    this.world.advance(0);
    if (count > 0) this.log.add(`ingress takes ${count}`);
  }

  private shardTurn(shard: number): void {
    if (this.stalledUntilMs[shard] > this.world.nowMs()) return;
    if (this.core.dead.has(shard)) {
      this.replaceShard(shard);
      return;
    }
    const most = this.choices.pick([1, 2, 7, 33, 4_096]);
    const before = this.core.positions(shard);
    if (!this.core.turn(shard, most)) {
      this.count('shard death');
      this.log.add(this.core.lastDeath);
    } else if (this.core.positions(shard) !== before) this.log.add(`shard ${shard} at ${this.core.positions(shard)}`);
  }

  private replaceShard(shard: number): void {
    const { core, choices, faults } = this;
    const kind = core.replace(shard, (next) => {
      if (choices.chance(faults.shardDeath * DEATHS_IN_REBUILD)) this.killSoon(next);
    });
    if (kind === 'waits') return;
    this.count(`shard ${kind}`);
    if (kind !== 'anew') return;
    for (const name of this.markets.keys()) {
      const id = core.names.idOf(name);
      if (id < 0 || id % core.shards.length !== shard) continue;
      this.judge.begunAnew.add(name);
      this.numbers.forget(name);
    }
  }

  private killSoon(shard: ShardCore): void {
    shard.killAfter(this.choices.between(1, 50), this.choices.pick(this.core.killPlaces));
  }

  private mainRound(): void {
    if (!this.core.isOpen) return;
    const taken = this.core.main.round();
    if (taken > 0) this.log.add(`main takes ${taken}`);
  }

  private journalTurn(): void {
    const done = this.core.journal?.turn() ?? 0;
    if (done > 0) this.log.add(`journal does ${done}`);
  }

  /** One is begun where the journal wants it, or somebody else. */
  private checkpoint(isAsked: boolean): void {
    const { core } = this;
    if ((isAsked || core.isCheckpointWanted) && core.checkpoint()) this.log.add('checkpoint');
  }

  private read(reader: Reader, most: number): void {
    if (reader.isPaused && this.choices.chance(0.95)) return;
    reader.isPaused = false;
    const taken = reader.read(most);
    if (taken > 0) this.log.add(`${reader.name} reads ${taken}`);
  }

  private snapshot(): void {
    const feed = this.choices.pick(this.feeds);
    if (feed.wire.isNumbered) feed.snapshot(this.choices.pick(feed.markets), this.venueTimeMs(), this.faults);
  }

  private openSomething(): void {
    for (const feed of this.feeds) if (this.choices.chance(0.7)) feed.open(this.venueTimeMs());
    const reader = this.choices.pick(this.readers);
    if (!reader.isOpen) reader.connect(channelsOf(this.markets.keys()));
    else reader.subscribe(channelsOf(this.markets.keys()).filter(() => this.choices.chance(0.5)));
  }

  private misfortune(): void {
    const { choices, faults } = this;
    if (choices.chance(faults.disconnect)) {
      choices.pick(this.feeds).cut();
      this.count('disconnect');
    }
    if (choices.chance(faults.stall)) {
      this.stalledUntilMs[choices.below(this.core.shards.length)] = this.world.nowMs() + choices.between(10, 1_500);
      this.count('stall');
    }
    if (choices.chance(faults.shardDeath)) this.killSoon(choices.pick(this.core.shards));
    if (choices.chance(faults.slowReader)) {
      choices.pick(this.readers).isPaused = true;
      this.count('slow reader');
    }
    if (choices.chance(faults.readerLeaves)) {
      choices.pick(this.readers).leave();
      this.count('reader leaves');
    }
    if (choices.chance(faults.disk)) {
      faultDisk(this.folder, choices);
      this.count('disk');
    } else if (choices.chance(0.02)) mendDisk(this.folder);
    if (choices.chance(faults.wallJump)) {
      this.world.jumpWall(choices.between(-3_600, 3_600) * 1_000_000);
      this.count('wall jump');
    }
    if (choices.chance(faults.processDeath)) this.endProcess();
  }

  /** Ingress sleeps before a full ring: the other threads go on. What fails there is no fault of the frame at hand. */
  private othersAct(timeoutMs: number): void {
    const { choices, core } = this;
    this.world.pass(choices.between(1, Math.max(1, Math.ceil(timeoutMs * 1000))));
    this.log.add('ingress waits');
    try {
      for (let left = choices.between(1, 3); left > 0; left--) {
        const shard = choices.below(core.shards.length);
        // What decodes a journal shares this thread's memory for frames, and one is at hand.
        if (core.journal === null || !core.dead.has(shard)) this.shardTurn(shard);
        if (choices.chance(0.5)) this.mainRound();
      }
    } catch (error) {
      this.failedElsewhere ??= error;
    }
  }

  // ---- liveness: nothing goes wrong any more

  private calm(): void {
    this.faults = NO_FAULTS;
    this.stalledUntilMs.fill(0);
    this.log.add('calm');
    mendDisk(this.folder);
    for (const shard of this.core.shards) shard.killAfter(Number.POSITIVE_INFINITY);
    for (const feed of this.feeds) feed.release();
    const untilMs = this.world.nowMs() + RECOVERY_MS;
    for (let round = 0; ; round++) {
      this.calmRound(round);
      if (round >= CALM_EVENTS && this.areSettled && this.judge.isRight(this.readers)) return;
      if (this.world.nowMs() > untilMs)
        this.fail(`late by ${RECOVERY_MS} ms: ${this.areSettled ? this.judge.whatIsWrong(this.readers) : WAITS}`);
    }
  }

  /** What failed in another thread while ingress was inside a frame. */
  private rethrow(): void {
    if (this.failedElsewhere !== null) throw this.failedElsewhere;
  }

  /** Producers with a name know that all is safe. */
  private get areSettled(): boolean {
    return this.feeds.every((feed) => !(feed instanceof NamedFeed) || feed.isSettled);
  }

  private calmRound(round: number): void {
    this.rethrow();
    const timeMs = this.venueTimeMs();
    for (const feed of this.feeds) {
      feed.open(timeMs);
      if (round < CALM_EVENTS) feed.happen(timeMs, NO_FAULTS);
      for (const market of round % 20 === 0 ? feed.markets : [])
        if (!this.judge.isLive(market)) feed.snapshot(market, timeMs, NO_FAULTS);
      feed.deliver(Number.POSITIVE_INFINITY);
    }
    this.world.advance(0);
    for (let turn = 0; turn < CALM_TURNS; turn++) {
      for (const shard of this.core.shards.keys()) this.shardTurn(shard);
      this.mainRound();
    }
    for (let turn = 0; turn < CALM_TURNS; turn++) this.journalTurn();
    this.checkpoint(false);
    for (const reader of this.readers) {
      reader.isPaused = false;
      if (!reader.isOpen) reader.connect(channelsOf(this.markets.keys()));
      else if (round % 20 === 0) reader.subscribe(channelsOf(this.markets.keys()));
      reader.read(Number.POSITIVE_INFINITY);
    }
    this.world.advance(CALM_STEP_US);
  }
}
