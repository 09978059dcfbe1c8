// Writes a journal as session lines (INTERFACES, replay), which other tools read: NDJSON, gzip where the name ends so.

import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DIALECTS } from '../../schemas/ids.ts';
import { JournalFlag, JournalKind } from '../../schemas/journal.ts';
import { UsageError } from '../base/errors.ts';
import { damageSentence, entryTimeUs, type RecordedJournal } from '../ingress/recorded-journal.ts';
import type { ConnectionOpened, JournalEntry } from '../journal/entry.ts';
import { readEntries } from '../journal/journal-reader.ts';

export type Converted = {
  readonly file: string;
  readonly lines: number;
  readonly frames: number;
  /** Repeats of named producers, which were not applied. */
  readonly repeated: number;
  /** Frames that are no UTF-8 text: what is none in them is written as U+FFFD. */
  readonly notText: number;
  /** A sentence for each place where entries are missing: lines have no way to say so. */
  readonly damages: readonly string[];
};

/** Frames of these are bytes and no text. */
const BINARY_DIALECT = 'flatbuffers';
/** Lines are written in pieces of about this many characters. */
const PIECE_CHARACTERS = 65_536;

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** Dialects that the frames of a journal are of, in the order of their first frames. */
export function dialectsOf({ folder }: RecordedJournal): string[] {
  const found = new Set<string>();
  for (const item of readEntries(folder))
    if (item.kind === 'entry' && item.entry.kind === JournalKind.frame) found.add(DIALECTS[item.entry.dialect] ?? '');
  return [...found];
}

class Lines {
  frames = 0;
  lines = 0;
  repeated = 0;
  notText = 0;
  readonly damages: string[] = [];
  private readonly dialect: string;

  constructor(dialect: string) {
    this.dialect = dialect;
  }

  /** All lines of a dialect, each with its end. */
  *of({ folder }: RecordedJournal): Generator<string, void, undefined> {
    for (const item of readEntries(folder)) {
      if (item.kind === 'missing') {
        this.damages.push(damageSentence(item.damage));
        continue;
      }
      const line = this.lineOf(item.entry);
      if (line === null) continue;
      this.lines++;
      yield `${JSON.stringify(line)}\n`;
    }
  }

  private lineOf(entry: JournalEntry): object | null {
    const { kind, payload, connection } = entry;
    if (kind === JournalKind.open) return this.open(entry);
    if (DIALECTS[entry.dialect] !== this.dialect) return null;
    const common = { t: entryTimeUs(entry), c: connection };
    if (kind === JournalKind.sent) return { k: 'send', ...common, d: this.textOf(payload) };
    if (kind !== JournalKind.frame) return null;
    if ((entry.flags & JournalFlag.repeated) !== 0) {
      this.repeated++;
      return null;
    }
    this.frames++;
    return { k: 'recv', ...common, d: this.textOf(payload) };
  }

  private open(entry: JournalEntry): object | null {
    const { dialect, address } = JSON.parse(Buffer.from(entry.payload).toString('utf8')) as ConnectionOpened;
    if (dialect !== this.dialect) return null;
    return { k: 'open', t: entryTimeUs(entry), c: entry.connection, u: address ?? `millrace:${dialect}` };
  }

  private textOf(payload: Uint8Array): string {
    try {
      return strict.decode(payload);
    } catch {
      this.notText++;
      return lenient.decode(payload);
    }
  }
}

/** Texts put together to pieces worth a write. */
function* pieces(lines: Iterable<string>): Generator<string, void, undefined> {
  let piece = '';
  for (const line of lines) {
    piece += line;
    if (piece.length < PIECE_CHARACTERS) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

/**
 * Writes all frames of one dialect to a file. A connection is a connection there, too. What lines cannot say is left out:
 * what became of frames, records of connectors, engines that began again, holes.
 */
export async function convertJournal(journal: RecordedJournal, dialect: string, file: string): Promise<Converted> {
  if (dialect === BINARY_DIALECT)
    throw new UsageError(`--convert ${journal.path}: expected frames that are text, was ${dialect}`);
  const lines = new Lines(dialect);
  const text = Readable.from(pieces(lines.of(journal)));
  try {
    if (file.endsWith('.gz')) await pipeline(text, createGzip(), createWriteStream(file));
    else await pipeline(text, createWriteStream(file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new UsageError(`--out ${file}: expected a file that can be written, was: ${(error as Error).message}`);
  }
  const { lines: count, frames, repeated, notText, damages } = lines;
  return { file, lines: count, frames, repeated, notText, damages };
}
