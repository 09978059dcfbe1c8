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
export type ExportState = {
  readonly version: 1;
  /** Address of the engine, or the recordings. */
  readonly source: string;
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
