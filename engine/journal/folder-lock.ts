// Keeps two engines from one folder: a file with the process that holds it, taken over when that process is gone.

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { errorCode, errorSentence } from './disk-error.ts';

const LOCK_NAME = 'lock';
const FILE_MODE = 0o600;
/** Field of /proc/PID/stat with the time the process began (proc_pid_stat(5)), counted behind the name in brackets. */
const START_FIELD = 19;

type Holder = { readonly pid: number; readonly startedAt: string | null };

/** When a process began, in the system's own count; null where the system does not tell. With it a number is unique. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD] ?? null;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return false;
  }
  const startedAt = startOf(holder.pid);
  return startedAt === null || holder.startedAt === null || startedAt === holder.startedAt;
}

function readHolder(text: string): Holder | null {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    if (typeof value?.pid !== 'number' || !Number.isInteger(value.pid) || value.pid <= 0) return null;
    return { pid: value.pid, startedAt: typeof value.startedAt === 'string' ? value.startedAt : null };
  } catch {
    return null;
  }
}

/** Holds the folder until release(). */
export class FolderLock {
  private readonly path: string;
  private isHeld = true;

  private constructor(path: string) {
    this.path = path;
  }

  /** Throws UsageError where a living process holds the folder, or where it cannot be written. */
  static take(folder: string): FolderLock {
    const path = join(folder, LOCK_NAME);
    const own: Holder = { pid: process.pid, startedAt: startOf(process.pid) };
    try {
      while (!create(path, JSON.stringify(own))) removeStale(path, folder);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      throw new UsageError(`journal: expected a folder that can be written, was ${folder} (${errorSentence(error)})`);
    }
    return new FolderLock(path);
  }

  release(): void {
    if (!this.isHeld) return;
    this.isHeld = false;
    rmSync(this.path, { force: true });
  }
}

/** False where there is one already. The file appears with its text in it: an empty one would look left over. */
function create(path: string, text: string): boolean {
  const own = ownPath(path);
  writeFileSync(own, text, { mode: FILE_MODE });
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** A name that no other process uses. */
function ownPath(path: string): string {
  return `${path}.${process.pid}`;
}

/**
 * Takes a dead process's lock away. It is moved aside first and looked at again there: of two engines that start at once
 * the second could move the first one's fresh lock, and puts it back.
 */
function removeStale(path: string, folder: string): void {
  const text = readIfThere(path);
  if (text === null) return;
  const holder = readHolder(text);
  if (holder !== null && isAlive(holder))
    throw new UsageError(
      `journal: expected a folder that no other engine uses, was ${folder}, held by process ${holder.pid}`,
    );
  const aside = ownPath(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  if (readIfThere(aside) === text) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
