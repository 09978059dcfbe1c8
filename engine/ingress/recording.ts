// Reads recordings line by line: sessions, loose frames and bare frames, plain or gzip (INTERFACES, replay).

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../base/errors.ts';
import { firstEntryTimeUs, journalAt } from './recorded-journal.ts';

/** One line of a recording, whatever its form. */
export type RecordedLine = {
  readonly kind: 'open' | 'send' | 'recv' | 'http';
  /** Receive time, µs since 1970; null where the recording has none. */
  readonly timeUs: number | null;
  /** Connection inside its file. */
  readonly connection: string;
  /** Address of `open` and `http` lines. */
  readonly address: string;
  readonly text: string;
};

const NEWLINE = 0x0a;
const GZIP_MAGIC = [0x1f, 0x8b];

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === GZIP_MAGIC[0] && buffer[1] === GZIP_MAGIC[1];
  } finally {
    await file.close();
  }
}

/** Lists of whole lines as they come from disk; a recording that cannot be read is a UsageError naming it. */
async function* readLines(path: string): AsyncGenerator<string[]> {
  try {
    const raw = createReadStream(path, { highWaterMark: 1 << 20 });
    const bytes = (await isGzip(path)) ? raw.pipe(createGunzip({ chunkSize: 1 << 20 })) : raw;
    raw.on('error', (error) => bytes.destroy(error));
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      const all = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const last = all.lastIndexOf(NEWLINE);
      rest = all.subarray(last + 1);
      if (last >= 0) yield all.subarray(0, last).toString('utf8').split('\n');
    }
    if (rest.length > 0) yield [rest.toString('utf8')];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`recording ${path}: expected a readable file, was: ${reason}`);
  }
}

const KINDS = ['open', 'send', 'recv', 'http'];

type Parsed = { k?: unknown; t?: unknown; c?: unknown; u?: unknown; d?: unknown; src?: unknown };

/** A line in one of the three forms; what is no session line is itself a frame, broken or not. */
export function parseLine(line: string): RecordedLine {
  const frame: RecordedLine = { kind: 'recv', timeUs: null, connection: '', address: '', text: line };
  let parsed: Parsed | null;
  try {
    parsed = JSON.parse(line) as Parsed | null;
  } catch {
    return frame;
  }
  if (typeof parsed !== 'object' || parsed === null) return frame;
  if (typeof parsed.src === 'string' && typeof parsed.d === 'string') {
    return { ...frame, connection: `src:${parsed.src}`, text: parsed.d };
  }
  if (typeof parsed.k !== 'string' || !KINDS.includes(parsed.k)) return frame;
  if (typeof parsed.d !== 'string' && typeof parsed.u !== 'string') return frame;
  return {
    kind: parsed.k as RecordedLine['kind'],
    timeUs: typeof parsed.t === 'number' ? parsed.t : null,
    connection: parsed.c === undefined ? '' : String(parsed.c),
    address: typeof parsed.u === 'string' ? parsed.u : '',
    text: typeof parsed.d === 'string' ? parsed.d : '',
  };
}

/** All lines of one file. */
export async function* recordedLines(path: string): AsyncGenerator<RecordedLine> {
  for await (const lines of readLines(path)) {
    for (const line of lines) {
      const text = line.endsWith('\r') ? line.slice(0, -1) : line;
      if (text.trim() !== '') yield parseLine(text);
    }
  }
}

/** Sources merged by time, ties in their order; an item without a time follows the one before it. */
export async function* merged<Item>(
  sources: readonly AsyncGenerator<Item>[],
  timeOf: (item: Item) => number | null,
): AsyncGenerator<{ readonly item: Item; readonly source: number }> {
  const heads = await Promise.all(sources.map((source) => source.next()));
  const times = heads.map((head) => (head.done ? 0 : (timeOf(head.value) ?? 0)));
  for (;;) {
    let best = -1;
    for (let source = 0; source < heads.length; source++) {
      if (heads[source].done !== true && (best < 0 || times[source] < times[best])) best = source;
    }
    if (best < 0) return;
    yield { item: heads[best].value as Item, source: best };
    heads[best] = await sources[best].next();
    const head = heads[best];
    if (!head.done) times[best] = timeOf(head.value) ?? times[best];
  }
}

/** The first receive time in the files, or null where none has any. Looks at the first line that has one. */
export async function firstTimeUs(paths: readonly string[]): Promise<number | null> {
  let first: number | null = null;
  for (const path of paths) {
    const journal = journalAt(path);
    if (journal !== null) {
      const timeUs = firstEntryTimeUs(journal);
      if (timeUs !== null) first = Math.min(first ?? timeUs, timeUs);
      continue;
    }
    for await (const line of recordedLines(path)) {
      if (line.timeUs === null && line.kind === 'recv') break;
      if (line.timeUs === null) continue;
      if (first === null || line.timeUs < first) first = line.timeUs;
      break;
    }
  }
  return first;
}
