// Turns a spool into finished files: one for each venue and day in it, named by the spool's number.

import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { CsvFile } from './csv-file.ts';
import { type ParquetCodec, ParquetFile } from './parquet-file.ts';
import { readSpool } from './spool.ts';
import { SafeFile, type TableFile } from './table-file.ts';
import type { RowMessage, Table } from './tables.ts';

export type Format = 'csv' | 'parquet';
export type Compression = 'snappy' | 'gzip' | 'none';

export type PartOptions = {
  readonly folder: string;
  /** For files in the making. */
  readonly temporaryFolder: string;
  readonly format: Format;
  readonly compression: Compression;
  readonly createdBy: string;
};

export type Part = { readonly files: number; readonly rows: number; readonly cutBytes: number };

const CODECS: Readonly<Record<Compression, ParquetCodec>> = { snappy: 'SNAPPY', gzip: 'GZIP', none: 'UNCOMPRESSED' };

/** A venue as a part of a path: nothing in it can lead elsewhere, and DuckDB reads it back. */
const pathPart = (text: string): string => encodeURIComponent(text).replaceAll('.', '%2E').replaceAll('*', '%2A');

function endingOf({ format, compression }: PartOptions): string {
  if (format === 'parquet') return 'parquet';
  return compression === 'gzip' ? 'csv.gz' : 'csv';
}

function openFile(path: string, table: Table, options: PartOptions): TableFile {
  const { format, compression, temporaryFolder, createdBy } = options;
  const file = new SafeFile(path, temporaryFolder);
  if (format === 'csv') return new CsvFile(file, table.columns, compression === 'gzip');
  return new ParquetFile(file, table.columns, CODECS[compression], createdBy);
}

/** The file of a row: `trade/venue=binance/date=2026-11-22/000007.parquet`. */
export function fileOf(table: Table, row: RowMessage, number: number, options: PartOptions): string {
  const day = table.dayOf(row).slice(0, 10);
  const name = `${String(number).padStart(6, '0')}.${endingOf(options)}`;
  return join(options.folder, table.name, `venue=${pathPart(row.exchange)}`, `date=${day}`, name);
}

/** Done again after a crash it makes the same files in place of those that were finished. Nothing half stays where it fails. */
export async function finishSpool(path: string, table: Table, number: number, options: PartOptions): Promise<Part> {
  const files = new Map<string, TableFile>();
  let rows = 0;
  try {
    const chunks = readSpool(path);
    let chunk = chunks.next();
    for (; chunk.done !== true; chunk = chunks.next()) {
      for (const row of chunk.value) {
        const place = fileOf(table, row, number, options);
        let file = files.get(place);
        if (file === undefined) {
          file = openFile(place, table, options);
          files.set(place, file);
        }
        file.add(table.valuesOf(row));
        rows++;
      }
      await turn();
    }
    for (const file of files.values()) file.finish();
    return { files: files.size, rows, cutBytes: chunk.value };
  } catch (error) {
    for (const file of files.values()) file.abandon();
    throw error;
  }
}
