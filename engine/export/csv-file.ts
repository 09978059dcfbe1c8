// A table as CSV (RFC 4180): a header, CRLF, quotes where a value needs them; nothing for null, and `""` for an empty text.

import { gzipSync } from 'node:zlib';
import type { SafeFile, TableFile } from './table-file.ts';
import type { Column, Value } from './tables.ts';

const NEEDS_QUOTES = /[",\r\n]|^\s|\s$|^$/;
const CHUNK_CHARACTERS = 1 << 20;

function field(value: Value): string {
  if (value === null) return '';
  const text = String(value);
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csvLine = (values: readonly Value[]): string => `${values.map(field).join(',')}\r\n`;

export class CsvFile implements TableFile {
  private readonly file: SafeFile;
  private readonly isGzip: boolean;
  private text: string;

  constructor(file: SafeFile, columns: readonly Column[], isGzip: boolean) {
    this.file = file;
    this.isGzip = isGzip;
    this.text = csvLine(columns.map(({ name }) => name));
  }

  add(values: readonly Value[]): void {
    this.text += csvLine(values);
    if (this.text.length >= CHUNK_CHARACTERS) this.flush();
  }

  /** Members of gzip that follow one another are one file (RFC 1952 §2.2). */
  private flush(): void {
    const bytes = Buffer.from(this.text);
    this.text = '';
    this.file.write(this.isGzip ? gzipSync(bytes) : bytes);
  }

  finish(): void {
    if (this.text !== '') this.flush();
    this.file.finish();
  }

  abandon(): void {
    this.file.abandon();
  }
}
