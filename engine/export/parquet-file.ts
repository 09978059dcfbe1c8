// A table as Parquet: exact decimals, UTC microseconds, one row group after another so that memory stays small.

import { gzipSync } from 'node:zlib';
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { SafeFile, TableFile } from './table-file.ts';
import type { Column, ColumnType, Value } from './tables.ts';
import { decimalUnits, timeUs } from './values.ts';

export type ParquetCodec = 'SNAPPY' | 'GZIP' | 'UNCOMPRESSED';

/** Rows gathered before they are written: some ten MB of memory, and a group that readers can skip. */
const GROUP_ROWS = 50_000;
const PRECISION = 38;
const SCALE = 18;
const DECIMAL_BYTES = 16;

const ELEMENTS: Readonly<Record<ColumnType, Omit<SchemaElement, 'name' | 'repetition_type'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  decimal: {
    ...{ type: 'FIXED_LEN_BYTE_ARRAY', type_length: DECIMAL_BYTES, converted_type: 'DECIMAL' },
    ...{ precision: PRECISION, scale: SCALE },
  },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' },
  whole: { type: 'INT64' },
  float: { type: 'DOUBLE' },
  truth: { type: 'BOOLEAN' },
};

type Stored = string | number | bigint | boolean | null;

function stored(type: ColumnType, value: Value): Stored {
  if (value === null) return null;
  if (type === 'decimal') return decimalUnits(String(value));
  if (type === 'time') return BigInt(timeUs(String(value)));
  return type === 'whole' ? BigInt(value as number) : value;
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  const leaves = columns.map(
    ({ name, type, isNullable }): SchemaElement => ({
      ...ELEMENTS[type],
      name,
      repetition_type: isNullable ? 'OPTIONAL' : 'REQUIRED',
    }),
  );
  return [{ name: 'root', num_children: columns.length }, ...leaves];
}

export class ParquetFile implements TableFile {
  private readonly file: SafeFile;
  private readonly columns: readonly Column[];
  private readonly bytes = new ByteWriter();
  private readonly writer: ParquetWriter;
  private data: Stored[][];
  private rows = 0;

  constructor(file: SafeFile, columns: readonly Column[], codec: ParquetCodec, createdBy: string) {
    this.file = file;
    this.columns = columns;
    this.data = columns.map(() => []);
    const compressors = { GZIP: (input: Uint8Array) => new Uint8Array(gzipSync(input)) };
    this.writer = new ParquetWriter({ writer: this.bytes, schema: schemaOf(columns), codec, compressors, createdBy });
  }

  add(values: readonly Value[]): void {
    for (let i = 0; i < values.length; i++) this.data[i].push(stored(this.columns[i].type, values[i]));
    if (++this.rows === GROUP_ROWS) this.writeGroup();
  }

  private writeGroup(): void {
    const columnData = this.columns.map(({ name }, i) => ({ name, data: this.data[i] }));
    this.writer.write({ columnData, rowGroupSize: GROUP_ROWS });
    this.data = this.columns.map(() => []);
    this.rows = 0;
    this.drain();
  }

  /** Offsets in the file go on counting while the buffer begins anew. */
  private drain(): void {
    this.file.write(new Uint8Array(this.bytes.buffer, 0, this.bytes.index));
    this.bytes.index = 0;
  }

  finish(): void {
    if (this.rows > 0) this.writeGroup();
    this.writer.finish();
    this.drain();
    this.file.finish();
  }

  abandon(): void {
    this.file.abandon();
  }
}
