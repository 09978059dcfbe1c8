// Takes messages and makes files of them: spools that survive a crash, rolled by time and size into finished files.

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StreamMessage } from '../../schemas/feed.ts';
import { GapLog, type GapRow } from './gap-log.ts';
import { finishSpool, type PartOptions } from './parts.ts';
import { TablePositions } from './positions.ts';
import { readSpool, Spool } from './spool.ts';
import {
  type ExportState,
  type Kept,
  readState,
  requireKept,
  statePath,
  type TableState,
  writeState,
} from './state-file.ts';
import { makeFolder } from './table-file.ts';
import type { RowMessage, Table } from './tables.ts';
import { timeText, timeUs } from './values.ts';

export type ExporterOptions = Omit<PartOptions, 'temporaryFolder'> & {
  /** Address of the engine, or the recordings: a folder holds rows of one source. */
  readonly source: string;
  /** Options by their names that all rows of a folder have in common. */
  readonly kept: Kept;
  readonly tables: readonly Table[];
  /** Of receive time, on its multiples since 1970; null for none. */
  readonly rollMs: number | null;
  /** Of a spool; null for none. */
  readonly rollBytes: number | null;
};

export type ExportSummary = {
  readonly rows: Readonly<Record<string, number>>;
  readonly files: number;
  /** Rows that came again. */
  readonly repeated: number;
  /** Rows in gaps.csv of this run. */
  readonly gaps: number;
  /** What a run before this one had left unfinished. */
  readonly recovered: { readonly spools: number; readonly rows: number; readonly cutBytes: number };
};

/** Of the folder: nothing in it is read by those who read the files. */
const OWN_FOLDER = '.millrace';
const SPOOL_NAME = /^(.+)-(\d{6,})\.ndjson$/;
const SYNC_MS = 1_000;
/** A slow reader is told channel after channel what it missed: how far one may lie behind the newest of all. */
const CHANNELS_APART_MS = 300_000;

class TableExport {
  readonly table: Table;
  positions: TablePositions;
  spool: Spool | null = null;
  number: number;
  /** Multiple of the roll time that the spool's rows are of. */
  bucket = -1;
  rows = 0;
  readonly began: string;

  constructor(table: Table, { part, positions, newest, began }: TableState) {
    this.table = table;
    this.positions = new TablePositions(positions);
    this.positions.newest = newest;
    this.number = part;
    this.began = began;
  }
}

/** In files, or in a spool that a run before left. */
function hasRows(own: string, { tables }: ExportState): boolean {
  return Object.values(tables).some(({ part }) => part > 0) || readdirSync(own).some((name) => SPOOL_NAME.test(name));
}

export class Exporter {
  private readonly options: ExporterOptions;
  private readonly own: string;
  private readonly tables = new Map<string, TableExport>();
  private readonly states: Record<string, TableState>;
  private readonly isNew: boolean;
  private readonly gapLog: GapLog;
  private readonly recovered = { spools: 0, rows: 0, cutBytes: 0 };
  private files = 0;
  private repeated = 0;
  private syncedMs = performance.now();
  /** Finished files are made one after another. */
  private finishing: Promise<void> = Promise.resolve();
  private failure: unknown = null;

  private constructor(options: ExporterOptions, own: string, state: ExportState | null) {
    this.options = options;
    this.own = own;
    this.states = { ...state?.tables };
    this.isNew = state === null;
    for (const table of options.tables) {
      this.states[table.name] ??= { part: 0, positions: {}, newest: '', began: timeText(Date.now()) };
      this.tables.set(table.name, new TableExport(table, this.states[table.name]));
    }
    this.gapLog = new GapLog(join(options.folder, 'gaps.csv'));
  }

  /** The folder of an export's own files, made with those above it; others leave it alone. */
  static ownFolder(folder: string): string {
    const own = join(folder, OWN_FOLDER);
    makeFolder(own);
    return own;
  }

  /** Finishes what a run before this one left. Throws UsageError where the folder is of another source, or of other options. */
  static async open(options: ExporterOptions): Promise<Exporter> {
    const own = Exporter.ownFolder(options.folder);
    const state = readState(statePath(own), options.source);
    if (state !== null && hasRows(own, state)) requireKept(state.kept, options.kept);
    for (const name of readdirSync(own)) if (name.endsWith('.tmp')) rmSync(join(own, name));
    const exporter = new Exporter(options, own, state);
    exporter.writeState();
    await exporter.recover();
    return exporter;
  }

  /** Receive time from which on rows may be missing: the newest of the table that came least far; null in a new folder. */
  get complete(): string | null {
    if (this.isNew) return null;
    const times = [...this.tables.values()].map(({ positions, began }) => positions.newest || began);
    return times.sort()[0] ?? null;
  }

  /** Receive time of the newest row of all; null before the first. */
  get newest(): string | null {
    const newest = [...this.tables.values()].map(({ positions }) => positions.newest).sort();
    return newest.at(-1) || null;
  }

  /** When the first of the tables was begun, by the clock here. */
  get began(): string {
    return [...this.tables.values()].map(({ began }) => began).sort()[0];
  }

  /** Receive time from which on rows of a channel may be missing that was told less than the others. */
  sinceOf(channel: string): string | null {
    const each = [...this.tables.values()].find(({ table }) => channel.startsWith(`${table.name}.`));
    const at = each?.positions.atOf(channel) ?? null;
    if (each === undefined || at === null) return this.newest;
    const least = timeText(timeUs(each.positions.newest) / 1000 - CHANNELS_APART_MS);
    return [at, least].sort()[1];
  }

  /** All tables have rows, so the source has one at the time that `complete` tells, if it reaches back to it. */
  get hasRows(): boolean {
    return [...this.tables.values()].every(({ positions }) => positions.newest !== '');
  }

  /** Rows of this run so far. */
  get count(): number {
    return [...this.tables.values()].reduce((sum, { rows }) => sum + rows, 0);
  }

  // ---- what a run before left

  private async recover(): Promise<void> {
    for (const each of this.tables.values()) {
      for (const number of this.spoolsOf(each.table)) {
        each.number = Math.max(each.number, number);
        const known = this.states[each.table.name].part;
        if (number <= known) rmSync(this.spoolPath(each.table, number));
        else await this.recoverSpool(each, number);
      }
    }
    for (const each of this.tables.values()) each.positions.beginAgain();
  }

  private async recoverSpool(each: TableExport, number: number): Promise<void> {
    for (const rows of readSpool(this.spoolPath(each.table, number))) for (const row of rows) each.positions.take(row);
    const { rows, cutBytes } = await this.finish(each.table, number, this.stateOf(each, number));
    this.recovered.spools++;
    this.recovered.rows += rows;
    this.recovered.cutBytes += cutBytes;
  }

  private spoolPath({ name }: Table, number: number): string {
    return join(this.own, `${name}-${String(number).padStart(6, '0')}.ndjson`);
  }

  private spoolsOf({ name }: Table): number[] {
    const numbers = readdirSync(this.own).flatMap((file) => {
      const [, table, number] = SPOOL_NAME.exec(file) ?? [];
      return table === name ? [Number(number)] : [];
    });
    return numbers.sort((a, b) => a - b);
  }

  // ---- rows

  /** What comes next may have come before. */
  beginAgain(): void {
    for (const each of this.tables.values()) each.positions.beginAgain();
  }

  /** Takes a message of a table; others, and bars that are forming, are passed over. Throws what the disk throws. */
  take(message: StreamMessage): void {
    if (message.type === 'gap') {
      const { channel, reason, lost, localTimestamp } = message;
      this.gap({ channel, reason, lost, after: null, before: localTimestamp });
    } else if (message.type === 'trade') this.add(this.tables.get('trade'), message);
    else if (message.type === 'trade_bar' && message.isFinal) this.add(this.tables.get(`bar.${message.name}`), message);
    this.tick(performance.now());
  }

  private add(each: TableExport | undefined, message: RowMessage): void {
    if (each === undefined) return;
    const { rollMs, rollBytes } = this.options;
    const bucket = rollMs === null ? 0 : Math.floor(timeUs(message.localTimestamp ?? '') / (rollMs * 1000));
    if (each.spool !== null && bucket > each.bucket) this.roll(each);
    if (!each.positions.take(message)) {
      this.repeated++;
      return;
    }
    each.spool ??= this.openSpool(each, bucket);
    each.spool.add(message);
    each.rows++;
    if (rollBytes !== null && each.spool.bytes >= rollBytes) this.roll(each);
  }

  private openSpool(each: TableExport, bucket: number): Spool {
    each.number++;
    each.bucket = Number.isNaN(bucket) ? -1 : bucket;
    return new Spool(this.spoolPath(each.table, each.number));
  }

  gap(row: GapRow): void {
    this.gapLog.add(row);
  }

  /** Once a second all rows so far are made safe. Throws what went wrong since. */
  tick(nowMs: number): void {
    if (this.failure !== null) throw this.failure;
    if (nowMs - this.syncedMs < SYNC_MS) return;
    this.syncedMs = nowMs;
    for (const { spool } of this.tables.values()) spool?.sync();
    this.gapLog.sync();
  }

  /** Rolls what a quiet market would keep open: the time of a spool's rows has passed. */
  passTime(nowMs: number): void {
    const { rollMs } = this.options;
    if (rollMs === null) return;
    for (const each of this.tables.values()) if (Math.floor(nowMs / rollMs) > each.bucket) this.roll(each);
  }

  // ---- files

  private roll(each: TableExport): void {
    const { spool, table, number } = each;
    if (spool === null) return;
    each.spool = null;
    spool.close();
    const state = this.stateOf(each, number);
    this.finishing = this.finishing
      .then(async () => void (await this.finish(table, number, state)))
      .catch((error: unknown) => {
        this.failure ??= error;
      });
  }

  private stateOf(each: TableExport, part: number): TableState {
    const { positions, newest } = each.positions;
    return { part, positions, newest, began: each.began };
  }

  private async finish(table: Table, number: number, state: TableState): Promise<{ rows: number; cutBytes: number }> {
    if (this.failure !== null) throw this.failure;
    const path = this.spoolPath(table, number);
    const { files, rows, cutBytes } = await finishSpool(path, table, number, {
      ...this.options,
      temporaryFolder: this.own,
    });
    this.files += files;
    this.states[table.name] = state;
    this.writeState();
    rmSync(path);
    return { rows, cutBytes };
  }

  private writeState(): void {
    writeState(statePath(this.own), {
      version: 1,
      source: this.options.source,
      kept: this.options.kept,
      tables: this.states,
    });
  }

  /** Finishes all files. Throws what went wrong: spools stay for the next run then. */
  async close(): Promise<ExportSummary> {
    for (const each of this.tables.values()) this.roll(each);
    await this.finishing;
    if (this.failure !== null) throw this.failure;
    this.gapLog.sync();
    this.gapLog.close();
    const rows = Object.fromEntries([...this.tables.values()].map(({ table, rows: count }) => [table.name, count]));
    return { rows, files: this.files, repeated: this.repeated, gaps: this.gapLog.count, recovered: this.recovered };
  }
}
