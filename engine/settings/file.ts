// A configuration file: found, read within bounds, and parsed; every fault of it is one sentence.

import { closeSync, openSync, readSync } from 'node:fs';
import { extname } from 'node:path';
import { CONFIG_BYTES_MAX } from '../../schemas/config.ts';
import { UsageError } from '../base/errors.ts';
import { FileTextError, type Parsed, parsedText, type Syntax } from './syntax.ts';

export type SettingsFile = {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly lineOf: Parsed['lineOf'];
};

/** Names the schema of the file to editors; no setting. */
const EDITOR_KEY = '$schema';

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'not there',
  EACCES: 'not readable by this user',
  EISDIR: 'a folder',
  ENOTDIR: 'below a file',
  ELOOP: 'a loop of links',
  ENAMETOOLONG: 'a name that is too long',
};

/** `not there (ENOENT)` */
export function fileFaultOf(error: unknown): string {
  const { code = 'no reason told' } = error as NodeJS.ErrnoException;
  return FAULTS[code] === undefined ? code : `${FAULTS[code]} (${code})`;
}

/** At most this much is ever read, of whatever a path leads to: a pipe or a device may have no end. */
function bytesOf(path: string): Buffer {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CONFIG_BYTES_MAX + 1);
    let size = 0;
    for (let read = -1; read !== 0 && size < buffer.length; size += read)
      read = readSync(file, buffer, size, buffer.length - size, null);
    if (size > CONFIG_BYTES_MAX) throw new FileTextError(`more than ${CONFIG_BYTES_MAX} bytes`);
    return buffer.subarray(0, size);
  } finally {
    closeSync(file);
  }
}

function textOf(bytes: Buffer): string {
  if (bytes.includes(0)) throw new FileTextError('binary');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FileTextError('no UTF-8 text');
  }
}

/** By the name; a pipe or a name without an ending is JSON where it begins like it. */
function syntaxOf(path: string, text: string): Syntax {
  const ending = extname(path).toLowerCase();
  if (ending === '.yaml' || ending === '.yml') return 'yaml';
  return ending === '.json' || /^\s*[{[]/.test(text) ? 'json' : 'yaml';
}

/** Refuses the key that would change what objects inherit. */
function requirePlain(value: unknown, { lineOf }: Parsed): void {
  const waiting: { readonly value: unknown; readonly path: readonly string[] }[] = [{ value, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (Object.hasOwn(next.value, '__proto__'))
      throw new FileTextError(`the key __proto__ at line ${lineOf([...next.path, '__proto__']) ?? 'unknown'}`);
    for (const [key, inner] of Object.entries(next.value)) waiting.push({ value: inner, path: [...next.path, key] });
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parsedFile(path: string): SettingsFile {
  const text = textOf(bytesOf(path));
  const syntax = syntaxOf(path, text);
  const parsed = parsedText(text, syntax);
  requirePlain(parsed.value, parsed);
  const value = parsed.value === null && syntax === 'yaml' ? {} : parsed.value;
  if (!isObject(value)) throw new FileTextError(Array.isArray(value) ? 'a list' : 'a single value');
  const { [EDITOR_KEY]: _, ...values } = value;
  return { path, values, lineOf: parsed.lineOf };
}

function faultOf(error: unknown): string {
  if (error instanceof FileTextError) return error.message;
  if (error instanceof ReferenceError) return 'aliases that stand for too much';
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return FAULTS[code] ?? `not readable (${code})`;
}

/** Throws a UsageError with one sentence. No text of the file is in it: it may hold a secret. */
export function settingsFileAt(path: string): SettingsFile {
  try {
    return parsedFile(path);
  } catch (error) {
    const kind = ['.yaml', '.yml'].includes(extname(path).toLowerCase()) ? 'YAML' : 'JSON';
    throw new UsageError(`--config ${path}: expected a ${kind} object of settings, was: ${faultOf(error)}`);
  }
}
