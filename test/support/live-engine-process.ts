// The compiled command line as child processes, for tests of what a person meets: output, signals and exit codes.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from './live-engine.ts';

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const LOCK = join(tmpdir(), `millrace-build-${Buffer.from(PROJECT).toString('hex').slice(-24)}.lock`);
const LOCK_STALE_MS = 180_000;

async function locked(): Promise<void> {
  for (;;) {
    try {
      closeSync(openSync(LOCK, 'wx'));
      return;
    } catch {
      const age = Date.now() - (statSync(LOCK, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > LOCK_STALE_MS) rmSync(LOCK, { force: true });
      await sleep(50);
    }
  }
}

/** Builds dist where it is stale; test files that run side by side take turns. */
export async function ensureBuilt(): Promise<void> {
  await locked();
  try {
    execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale'], {
      cwd: PROJECT,
      stdio: ['ignore', 'ignore', 2],
    });
  } finally {
    rmSync(LOCK, { force: true });
  }
}

export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** Benches are not among the files whose coverage counts, and counting it slows them and weighs a hundred megabytes. */
const UNCOUNTED = { NODE_V8_COVERAGE: '' };

/** The environment without settings of a person's own. */
function environment(entry: string, extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_'));
  return { ...Object.fromEntries(inherited), ...(entry.startsWith('bench/') ? UNCOUNTED : {}), ...extra };
}

export class RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(entry: string, parameters: readonly string[], extra: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [join(PROJECT, 'dist', entry), ...parameters], {
      cwd: PROJECT,
      env: environment(entry, extra),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Ports of a `start`, from the line that names them. */
  async ports(): Promise<{ port: number; ingestPort: number }> {
    const found = await eventually('the line with the ports', () => {
      if (this.hasEnded) throw new Error(`expected a running engine, ended with: ${this.stderr}`);
      return /stream ws:\/\/[^:]+:(\d+)\/stream {2}ingest ws:\/\/[^:]+:(\d+)\//.exec(this.stderr);
    });
    return { port: Number(found[1]), ingestPort: Number(found[2]) };
  }

  /** Makes sure it is gone, whatever it does. */
  async kill(): Promise<void> {
    if (!this.hasEnded) this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Runs `millrace` to its end. */
export function millrace(parameters: readonly string[], extra: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new RunningCommand('engine/cli.js', parameters, extra).ended;
}
