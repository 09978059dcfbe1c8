// What an export knows of its folder from one run to the next: whose data it has, and how far the finished files reach.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import type { Positions } from './positions.ts';
import { SafeFile } from './table-file.ts';

export type TableState = {
  /** Number of the newest spool that is in finished files. */
  readonly part: number;
  /** Behind all rows of those files. */
  readonly positions: Positions;
  readonly newest: string;
  /** When the table was first exported: where it has no rows yet, they may be missing from then on. */
  readonly began: string;
};
export type Kept = Readonly<Record<string, string>>;
export type ExportState = {
  readonly version: 1;
  /** Address of the engine, or the recordings. */
  readonly source: string;
  /** Options that all rows of the folder have in common, by their names; absent where an earlier build wrote it. */
  readonly kept?: Kept;
  readonly tables: Readonly<Record<string, TableState>>;
};

/** Null in a new folder. Throws UsageError where another export made it. */
export function readState(path: string, source: string): ExportState | null {
  if (!existsSync(path)) return null;
  const state = JSON.parse(readFileSync(path, 'utf8')) as ExportState;
  if (state.source === source) return state;
  throw new UsageError(
    `--out: expected a folder of ${source}, or an empty one, was one that holds ${state.source}: rows that come again could not be told from new ones`,
  );
}

/**
 * Rows that are there would be passed over as repeats, so nothing of what is asked for would come of it. Throws UsageError with
 * the first option that is another.
 */
export function requireKept(before: Kept | undefined, now: Kept): void {
  const told = (text: string | undefined): string => (text === undefined || text === '' ? 'none' : text);
  for (const name of new Set([...Object.keys(before ?? {}), ...Object.keys(now)])) {
    if (before === undefined || told(before[name]) === told(now[name])) continue;
    throw new UsageError(
      `--${name}: expected ${told(before[name])}, as the rows in --out have been made, or another folder, was ${told(now[name])}`,
    );
  }
}

export function writeState(path: string, state: ExportState): void {
  const file = new SafeFile(path, dirname(path));
  try {
    file.write(Buffer.from(JSON.stringify(state)));
    file.finish();
  } catch (error) {
    file.abandon();
    throw error;
  }
}

export const statePath = (own: string): string => join(own, 'state.json');
