// Recordings made or altered by tests: lines read from a file, changed, and written into a folder that goes at the end.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { gunzipSync } from 'node:zlib';

/** A line of a session; lines of other forms are written as text. */
export type SessionLine = {
  readonly k: 'open' | 'send' | 'recv' | 'http';
  readonly t?: number;
  readonly c?: number;
  readonly u?: string;
  readonly d?: string;
};

export function readSession(path: string): SessionLine[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SessionLine);
}

/** A folder for one test file, removed after its tests. */
export class FramesFolder {
  private readonly folder = mkdtempSync(join(tmpdir(), 'millrace-frames-'));
  private files = 0;

  constructor() {
    after(() => rmSync(this.folder, { recursive: true }));
  }

  /** Writes lines, objects as JSON and texts as they are, and returns the file's path. */
  write(lines: readonly (object | string)[]): string {
    return this.writeBytes(
      `${lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')}\n`,
    );
  }

  writeBytes(bytes: string | Uint8Array): string {
    const path = join(this.folder, `${++this.files}.ndjson`);
    writeFileSync(path, bytes);
    return path;
  }

  /** As write, into the same file again and again: for tests that alter one recording hundreds of times. */
  rewrite(lines: readonly (object | string)[]): string {
    const path = join(this.folder, 'altered.ndjson');
    writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
    return path;
  }
}
