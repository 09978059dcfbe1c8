// Joins the journal, checkpoints and dead letters with the threads they are about: what makes an engine survive its ends.

import { CHECKPOINT_DEADLINE_MS, JOURNAL_RING_BYTES, JOURNAL_SEGMENT_BYTES } from '../schemas/config.ts';
import { fingerprint } from '../schemas/fingerprint.ts';
import { JournalNumber } from '../schemas/journal.ts';
import type { ShardRecovery } from '../schemas/shard-task.ts';
import { type ClockAnchor, EngineClock, takeAnchor } from './base/clock.ts';
import { within } from './base/within.ts';
import type { Ingress } from './ingress/ingress.ts';
import type { IngressPast, Recovered } from './ingress/messages.ts';
import { Rebuild } from './ingress/rebuild.ts';
import type { Checkpoint } from './journal/checkpoint.ts';
import { FolderLock } from './journal/folder-lock.ts';
import { Journal } from './journal/journal.ts';
import type { JournalEvent, SyncPolicy } from './journal/journal-options.ts';
import { NodeFolder } from './journal/node-folder.ts';
import type { EngineMemory } from './memory/engine-memory.ts';
import { MarketNames } from './memory/market-names.ts';
import type { Log } from './observe/log.ts';
import { type Death, isOwnEnd } from './pool/deaths.ts';
import type { ShardPool, ShardRecoverer } from './pool/pool.ts';
import type { JournalReport, RecoveryReport } from './publish/recovery-metrics.ts';
import { CheckpointKeeper } from './recovery/checkpoint-keeper.ts';
import { DeadLetters, letterOf, type RejectedLike, requireFilePath } from './recovery/dead-letters.ts';
import { anchorBehind, type JournalPast, readPast, requireRoom } from './recovery/journal-past.ts';
import { Poisons } from './recovery/poisons.ts';
import type { CheckpointAt, RebuildRequest } from './recovery/rebuild-plan.ts';
import { recordAtDeath } from './recovery/shard-position.ts';
import { ShardRebuilds, setReleased } from './recovery/shard-rebuilds.ts';
import { MarketDirectory } from './route/markets.ts';
import { packageVersion } from './version.ts';

export type JournalSettings = {
  readonly folder: string;
  readonly syncPolicy: SyncPolicy;
  readonly syncMs: number;
  readonly bytesMax: number;
  readonly ageMsMax: number;
  readonly checkpointMs: number;
};

export type DurabilityOptions = {
  /** Null for none: then a shard that dies begins anew with nothing. */
  readonly journal: JournalSettings | null;
  /** File for frames that could not be taken; null for none. */
  readonly deadLetter: string | null;
  readonly shards: number;
  readonly marketsMax: number;
  readonly accepts: readonly string[];
  readonly log: Log;
};

/** Checkpoints that a shard may begin from: it may have told of the newest and not have released what is before it. */
const CHECKPOINTS_KNOWN = 2;
/** Markets that begin anew, told one by one: other bars or signals in the settings make it all of them. */
const FAULTS_TOLD_MAX = 20;
const EVENT_LEVELS: Readonly<Record<JournalEvent['kind'], 'info' | 'warn' | 'error'>> = {
  'torn-tail': 'warn',
  degraded: 'error',
  resumed: 'info',
  slow: 'warn',
  lost: 'error',
  'smaller-segments': 'warn',
  'checkpoint-failed': 'warn',
  'remove-failed': 'warn',
  failed: 'error',
};

/** What a journal's folder holds decides on the clock and the memory of an engine, which decide on all else. */
export type Foundation = {
  readonly past: JournalPast | null;
  readonly anchor: ClockAnchor;
  readonly journalRingBytes: number;
  /** Held from before the past was read, so that no engine adds to it meanwhile; Durability.open() takes it over. */
  readonly lock: FolderLock | null;
};

/** Another build would misread the images of this one. */
const buildName = (): string => `${packageVersion()} ${fingerprint()}`;

/** Throws a UsageError where the folder cannot be used, is by another engine, or holds more than there is room for. */
export function readFoundation({ journal, deadLetter, marketsMax }: DurabilityOptions): Foundation {
  const folder = journal === null ? null : NodeFolder.make(journal.folder);
  if (deadLetter !== null) requireFilePath(deadLetter);
  if (folder === null) return { past: null, anchor: takeAnchor(), journalRingBytes: 0, lock: null };
  const lock = FolderLock.take(folder.path);
  try {
    const past = readPast(folder, buildName());
    requireRoom(past, marketsMax);
    return { past, anchor: anchorBehind(past), journalRingBytes: JOURNAL_RING_BYTES, lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The engine that wrote a checkpoint may have had another number of shards. */
export function recoveriesOf({ shards: images }: Checkpoint, shards: number): ShardRecovery[] {
  const markets = images.flatMap((shard) => shard.markets);
  const latest = (word: 0 | 1): number =>
    Math.max(Number.NEGATIVE_INFINITY, ...images.map(({ clockUs }) => clockUs[word] ?? Number.NEGATIVE_INFINITY));
  return Array.from({ length: shards }, (_, shard) => ({
    clockUs: [latest(0), latest(1)] as const,
    markets: markets.filter(({ id }) => id % shards === shard),
    rebuild: null,
  }));
}

/** Thread: main. */
export class Durability implements ShardRecoverer {
  readonly letters: DeadLetters | null;
  private readonly options: DurabilityOptions;
  private readonly memory: EngineMemory;
  private past: JournalPast | null;
  /** What each shard begins from; empty once they have, for it is as large as all their state. */
  private readonly images: ShardRecovery[];
  private readonly journal: Journal | null;
  private readonly poisons: Poisons | null;
  private readonly rebuilds: ShardRebuilds | null;
  private readonly names: MarketNames;
  private checkpoints: CheckpointAt[];
  private keeper: CheckpointKeeper | null = null;
  private recovered: Recovered | null = null;
  private stateFaults = 0;

  private constructor(
    options: DurabilityOptions,
    memory: EngineMemory,
    past: JournalPast | null,
    journal: Journal | null,
  ) {
    this.options = options;
    this.memory = memory;
    this.past = past;
    this.images = past?.checkpoint == null ? [] : recoveriesOf(past.checkpoint, options.shards);
    this.journal = journal;
    this.names = new MarketNames(memory);
    this.letters = options.deadLetter === null ? null : new DeadLetters(options.deadLetter);
    this.checkpoints = past?.checkpoint == null ? [] : [past.checkpoint];
    const folder = options.journal === null ? null : NodeFolder.existing(options.journal.folder);
    this.poisons = folder === null ? null : new Poisons(folder);
    this.rebuilds = this.poisons === null ? null : this.rebuildsWith(this.poisons);
  }

  /** Opens the journal. Rejects with a UsageError where its folder cannot be used, or is by another engine. */
  static async open(options: DurabilityOptions, memory: EngineMemory, foundation: Foundation): Promise<Durability> {
    const { journal: settings } = options;
    if (settings === null) return new Durability(options, memory, foundation.past, null);
    try {
      return await Durability.openJournal(options, settings, memory, foundation);
    } catch (error) {
      foundation.lock?.release();
      throw error;
    }
  }

  private static async openJournal(
    options: DurabilityOptions,
    settings: JournalSettings,
    memory: EngineMemory,
    { past, lock }: Foundation,
  ): Promise<Durability> {
    const { log } = options;
    const { folder, syncPolicy, syncMs, bytesMax, ageMsMax } = settings;
    for (const reason of past?.refused ?? []) log.warn(`journal: not taken: ${reason}`);
    setReleased(memory, past?.checkpoint?.sequence ?? 0);
    // Shards look a market up by its name before ingress has named any.
    const directory = new MarketDirectory(memory);
    for (const name of past?.checkpoint?.ingress.marketNames ?? []) directory.adopt(name);
    const start = {
      ...{ folder, syncPolicy, syncMs, bytesMax, ageMsMax },
      segmentBytes: JOURNAL_SEGMENT_BYTES,
      keepsForRecovery: true,
      onEvent: ({ kind, text }: JournalEvent) => log[EVENT_LEVELS[kind]](text),
    };
    const journal = await Journal.start(memory, start, lock);
    return new Durability(options, memory, past, journal);
  }

  private rebuildsWith(poisons: Poisons): ShardRebuilds {
    return new ShardRebuilds({
      memory: this.memory,
      poisons: { list: () => poisons.list(), add: (poison) => poisons.add(poison) },
      marketName: (market) => this.names.of(market).name,
      checkpoints: () => this.checkpoints,
      firstSequence: () => this.journal?.opened.firstSequence || 1,
      start: (request, leftOut) => this.startRebuild(request, leftOut),
      keep: (frame) => this.letters?.take([letterOf(frame)]),
      onEvent: (sentence) => this.options.log.warn(sentence),
    });
  }

  private startRebuild(
    request: RebuildRequest,
    leftOut: Parameters<ConstructorParameters<typeof ShardRebuilds>[0]['start']>[1],
  ): Rebuild {
    const { checkpoint, ...rest } = request;
    const folder = this.options.journal?.folder ?? '';
    const start = { ...rest, folder, accepts: this.options.accepts, checkpoint: checkpoint?.number ?? null };
    return new Rebuild(start, (poison, frame) => leftOut({ poison, frame }));
  }

  /** What each shard begins from; nothing where there is no checkpoint. */
  get recoveries(): readonly ShardRecovery[] | undefined {
    return this.images.length === 0 ? undefined : this.images;
  }

  /** What the ingress thread applies before its port opens; null without a journal. */
  get ingressPast(): IngressPast | null {
    const { journal, past, options } = this;
    if (journal === null || options.journal === null) return null;
    return {
      folder: options.journal.folder,
      image: past?.checkpoint?.ingress ?? null,
      sequence: journal.opened.sequence,
      poisons: this.poisons?.list() ?? [],
      started: { version: packageVersion(), shards: options.shards, node: process.version },
    };
  }

  /** Numbers that main counts begin above this: each takes more than a microsecond, so an engine before used fewer. */
  get seqFloor(): number {
    if (this.past === null || this.past.anchorWallUs === null) return 0;
    return Math.ceil(new EngineClock(this.memory.anchor).nowNs() / 1000);
  }

  /** The ingress thread has applied the journal: tells what came of it. */
  noteRecovered(recovered: Recovered): void {
    this.recovered = recovered;
    const { entries, seconds, damages, damageCount, openConnections } = recovered;
    const { log } = this.options;
    for (const damage of damages) log.warn(`journal: ${damage}`);
    if (this.past?.anchorWallUs == null) return;
    const checkpoint = this.past.checkpoint?.number ?? null;
    log.info({ checkpoint, entries, seconds, damages: damageCount, openConnections }, 'recovered from the journal');
  }

  /** Begins to keep checkpoints, the first at once. */
  keepCheckpoints(ingress: Ingress, pool: ShardPool): void {
    const { journal, options } = this;
    if (journal === null || options.journal === null) return;
    this.images.length = 0;
    if (this.past !== null) this.past = { ...this.past, checkpoint: null };
    const numbers = new Float64Array(
      this.memory.journal?.numbers ?? new SharedArrayBuffer(JournalNumber.checkpointWanted * 8 + 8),
    );
    this.keeper = new CheckpointKeeper({
      shards: options.shards,
      build: buildName(),
      anchorWallUs: this.memory.anchor.wallUs,
      lastNumber: journal.opened.nextCheckpoint - 1,
      intervalMs: options.journal.checkpointMs,
      deadlineMs: CHECKPOINT_DEADLINE_MS,
      ask: (number) => ingress.checkpoint(number),
      store: (checkpoint) => this.store(journal, checkpoint),
      isWanted: () => numbers[JournalNumber.checkpointWanted] > 0,
      isHindered: () => !pool.isWhole,
      onEvent: (sentence) => options.log.warn(sentence),
    });
    this.keeper.start();
    this.keeper.soon();
  }

  private async store(journal: Journal, checkpoint: Checkpoint): Promise<boolean> {
    const { number, sequence } = checkpoint;
    const isWritten = await journal.writeCheckpoint(checkpoint);
    if (isWritten) this.checkpoints = [{ number, sequence }, ...this.checkpoints].slice(0, CHECKPOINTS_KNOWN);
    return isWritten;
  }

  /** A message of a shard. */
  take(message: unknown): void {
    this.keeper?.take(message);
    if (isStateFault(message)) this.tellFault(message);
  }

  private tellFault({ market, message }: StateFault): void {
    this.stateFaults++;
    if (this.stateFaults <= FAULTS_TOLD_MAX)
      this.options.log.warn(`${market} begins anew: its state could not be kept: ${message}`);
    if (this.stateFaults === FAULTS_TOLD_MAX)
      this.options.log.warn('others that begin anew are not told one by one: recovery.stateFaults counts them');
  }

  /** Frames that ingress could not take. */
  reject(frames: readonly RejectedLike[], leftOut: number): void {
    this.letters?.take(frames.map(letterOf), leftOut);
  }

  died(shard: number, death: Death): void {
    this.keeper?.abandon(`shard ${shard} died`);
    if (this.rebuilds !== null) this.rebuilds.died(shard, isOwnEnd(death));
    else this.keepCutShort(shard);
  }

  /** Without a journal the batch is left out: the record at which the shard died is kept. */
  private keepCutShort(shard: number): void {
    const record = recordAtDeath(this.memory.shards[shard]);
    if (record === null) return;
    const clock = new EngineClock(this.memory.anchor);
    const { name } = this.names.of(record.market);
    this.letters?.take([
      letterOf({
        ...{ timeUs: clock.wallUs(clock.nowNs()), connection: 0, dialect: name.split(':', 1)[0], producer: null },
        ...{ category: 'cut-short', bytes: record.slot.length, kept: record.slot },
      }),
    ]);
  }

  recover(shard: number): ReturnType<ShardRebuilds['recover']> {
    return this.rebuilds?.recover(shard) ?? Promise.resolve(null);
  }

  /** A last checkpoint, so that the next start is quick; none where there is no time for it. */
  async checkpointAtEnd(timeoutMs: number): Promise<void> {
    const { keeper } = this;
    if (keeper === null) return;
    const until = performance.now() + timeoutMs;
    await within(keeper.last(), timeoutMs);
    await within(keeper.close(), until - performance.now());
  }

  /** Writes down what is left; resolves with false where that took too long. Ingress writes nothing more. */
  async close(timeoutMs: number): Promise<boolean> {
    const [areKept, isWritten] = await Promise.all([
      this.letters === null
        ? true
        : within(
            this.letters.close().then(() => true),
            timeoutMs,
          ),
      this.journal === null ? true : this.journal.stop(timeoutMs),
    ]);
    return areKept === true && isWritten;
  }

  /** A call to the disk has not come back: a process cannot exit before it does, only be killed. */
  get isWaitingForDisk(): boolean {
    return this.letters?.isBusy === true || (this.journal?.stats().numbers.waitingSinceMs ?? 0) > 0;
  }

  /** Entries that the next start would lack, were this the end: none once a checkpoint stands behind all. */
  get entriesLost(): number {
    return this.journal?.entriesLost ?? 0;
  }

  /** Why the journal, or the dead-letter file, cannot promise what it should. */
  health(): string[] {
    const reasons = [];
    if (this.journal?.stats().state === 'degraded') reasons.push('journal is degraded: not all input is written down');
    const failure = this.letters?.failure ?? null;
    if (failure !== null) reasons.push(`dead letters are not kept: ${failure}`);
    return reasons;
  }

  journalReport(): JournalReport | null {
    const { journal, keeper, options } = this;
    if (journal === null || options.journal === null) return null;
    const { kept = 0, abandoned = 0, keptAtMs = 0 } = keeper ?? {};
    return {
      ...journal.stats(),
      sync: options.journal.syncPolicy,
      checkpoints: { kept, abandoned, ageMs: Math.round(performance.now() - keptAtMs) },
    };
  }

  recoveryReport(pool: ShardPool): RecoveryReport {
    const { written = 0, leftOut = 0, failure = null } = this.letters ?? {};
    return {
      deaths: pool.deathCounts.report(),
      stateFaults: this.stateFaults,
      lastDeaths: pool.deaths.map(({ atMs, ...death }) => ({
        ...death,
        at: new Date(performance.timeOrigin + atMs).toISOString(),
      })),
      givenUpShards: pool.givenUp,
      poisonedRecords: this.rebuilds?.poisoned ?? 0,
      start: this.recovered,
      startSeconds: this.recovered?.seconds ?? 0,
      startEntries: this.recovered?.entries ?? 0,
      deadLetters: { written, leftOut, failure },
    };
  }
}

type StateFault = { readonly op: 'state-fault'; readonly market: string; readonly message: string };

function isStateFault(message: unknown): message is StateFault {
  return typeof message === 'object' && message !== null && 'op' in message && message.op === 'state-fault';
}
