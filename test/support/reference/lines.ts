// Owns reading recordings: gzip or plain NDJSON, the three line forms of INTERFACES, several files merged by time.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export type Line = {
  kind: 'open' | 'recv' | 'http';
  timeUs: number | null;
  /** Unique over all files. */
  connection: string;
  address: string;
  text: string;
  fileIndex: number;
};

/** All lines of all files in the order in which they are replayed; `send` lines are left out. */
export function readLines(files: readonly string[]): Line[] {
  return mergeByTime(files.map(readFile));
}

function readFile(file: string, fileIndex: number): Line[] {
  const bytes = readFileSync(file);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = (isGzip ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => readLine(line, fileIndex));
}

function readLine(line: string, fileIndex: number): Line[] {
  const value = parseObject(line);
  const at = (key: string): Line => ({
    kind: 'recv',
    timeUs: typeof value?.['t'] === 'number' ? value['t'] : null,
    connection: `${fileIndex}/${key}`,
    address: typeof value?.['u'] === 'string' ? value['u'] : '',
    text: typeof value?.['d'] === 'string' ? value['d'] : '',
    fileIndex,
  });
  const kind = value?.['k'];
  if (kind === 'send') return [];
  if (kind === 'recv' || kind === 'http' || kind === 'open') return [{ ...at(`c${value?.['c'] ?? ''}`), kind }];
  if (typeof value?.['src'] === 'string' && typeof value['d'] === 'string') {
    return [{ ...at(`src ${value['src']}`), timeUs: null }];
  }
  return [{ ...at(''), timeUs: null, address: '', text: line }];
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** Takes the earliest of the files' next lines, the first file at a tie; a line without time follows its predecessor. */
function mergeByTime(files: Line[][]): Line[] {
  if (files.length === 1) return files[0];
  const next = files.map(() => 0);
  const timeOf = files.map(() => Number.NEGATIVE_INFINITY);
  const merged: Line[] = [];
  const total = files.reduce((sum, lines) => sum + lines.length, 0);
  while (merged.length < total) {
    let best = -1;
    files.forEach((lines, index) => {
      const line = lines[next[index]];
      if (line === undefined) return;
      timeOf[index] = line.timeUs ?? timeOf[index];
      if (best === -1 || timeOf[index] < timeOf[best]) best = index;
    });
    merged.push(files[best][next[best]]);
    next[best] += 1;
  }
  return merged;
}
