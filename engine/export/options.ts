// The options of an export as texts, checked: each wrong one is a sentence with its limit and what was found.

import { UsageError } from '../base/errors.ts';
import { durationMsOf, sizeBytesOf } from '../base/unit-text.ts';
import type { Compression, Format } from './parts.ts';
import { type Table, tableOf } from './tables.ts';

const HOUR_MS = 3_600_000;
const ROLL_MS_LEAST = 1_000;
const ROLL_MS_MOST = 7 * 24 * HOUR_MS;
const ROLL_BYTES_LEAST = 10_000;
/** A spool is made into files some megabytes at a time, but what it holds is lost to readers until then. */
const ROLL_BYTES_MOST = 10_000_000_000;

export type Roll = { readonly rollMs: number | null; readonly rollBytes: number | null };

const was = (text: string): string => `was ${JSON.stringify(text)}`;

/** `1h`, `100MB`, or both with a comma: whichever comes first. */
export function rollOf(text: string): Roll {
  let roll: Roll = { rollMs: null, rollBytes: null };
  for (const item of text.split(',')) {
    const rollMs = /\d(ms|s|m|h|d)$/.test(item) ? durationMsOf(item) : null;
    const rollBytes = rollMs === null && /B$/.test(item) ? sizeBytesOf(item) : null;
    const isTime = rollMs !== null && rollMs >= ROLL_MS_LEAST && rollMs <= ROLL_MS_MOST;
    const isSize = rollBytes !== null && rollBytes >= ROLL_BYTES_LEAST && rollBytes <= ROLL_BYTES_MOST;
    if (!isTime && !isSize)
      throw new UsageError(`--roll: expected 1s to 7d, or 10kB to 10GB, or both as 1h,100MB, ${was(text)}`);
    roll = { rollMs: rollMs ?? roll.rollMs, rollBytes: rollBytes ?? roll.rollBytes };
  }
  return roll;
}

export function formatOf(text: string): Format {
  if (text === 'csv' || text === 'parquet') return text;
  throw new UsageError(`--format: expected csv or parquet, ${was(text)}`);
}

/** By default what readers of the format expect: Snappy in Parquet, plain text in CSV. */
export function compressionOf(text: string | undefined, format: Format): Compression {
  if (text === undefined) return format === 'parquet' ? 'snappy' : 'none';
  if (text === 'gzip' || text === 'none' || (text === 'snappy' && format === 'parquet')) return text;
  throw new UsageError(
    `--compression: expected ${format === 'parquet' ? 'snappy, ' : ''}gzip or none of ${format}, ${was(text)}`,
  );
}

export function tablesOf(text: string): Table[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  return names.map((name) => {
    const table = tableOf(name);
    if (table === null) throw new UsageError(`--channels: expected trade or bar.KIND, as trade,bar.1m, ${was(text)}`);
    return table;
  });
}
