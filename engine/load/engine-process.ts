// The engine that a load test starts for itself: a child process of the same command line, gone when the test is.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { entryUrl } from '../base/entry.ts';
import { UsageError } from '../base/errors.ts';

export type OwnEngine = {
  /** `http://HOST:PORT` and `ws://HOST:PORT` of the two ports. */
  readonly url: string;
  readonly ingestUrl: string;
  readonly pid: number;
  /** Why it ended without being told to, or null. */
  readonly failure: () => string | null;
  /** SIGTERM, and SIGKILL where that is not enough. */
  stop(): Promise<void>;
};

export type OwnEngineOptions = { readonly workers: number | null; readonly token: string | null };

const START_WITHIN_MS = 30_000;
/** Longer than the engine's own deadline for draining. */
const STOP_WITHIN_MS = 15_000;
/** Of its stderr, to tell what went wrong. */
const TAIL_CHARACTERS = 4_000;
/** The line in which `start` names its ports. */
const PORTS = /stream ws:\/\/(\S+:\d+)\/stream {2}ingest ws:\/\/(\S+:\d+)\//;
const EXIT_USAGE = 2;
/** Settings of access for another engine: this one listens on loopback, and is asked with --token alone. */
const ACCESS = /^MILLRACE_(TLS_|ROLE_TOKEN|TOKENS$|TOKEN_FILE$)/;

function spawnEngine({ workers, token }: OwnEngineOptions): ChildProcess {
  const watch = entryUrl('./parent-watch.ts', import.meta.url).href;
  const cli = fileURLToPath(entryUrl('../cli.ts', import.meta.url));
  const own = ['--feed', 'none', '--host', '127.0.0.1', '--port', '0', '--ingest-port', '0', '--log-level', 'warn'];
  const chosen = workers === null ? [] : ['--workers', String(workers)];
  // In the environment, because the arguments of a process can be read by others.
  const environment = token === null ? {} : { MILLRACE_TOKEN: token };
  const inherited = Object.entries(process.env).filter(([name]) => !ACCESS.test(name));
  return spawn(process.execPath, [...process.execArgv, '--import', watch, cli, 'start', ...own, ...chosen], {
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Ctrl-C of a terminal must reach the test alone, which then stops the engine when it is done with it.
    detached: true,
  });
}

class EngineChild {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  private tail = '';
  private isStopping = false;

  constructor(options: OwnEngineOptions) {
    this.child = spawnEngine(options);
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.tail = (this.tail + text).slice(-TAIL_CHARACTERS);
    });
    process.once('exit', this.kill);
    this.ended.then(() => process.off('exit', this.kill));
  }

  readonly kill = (): void => void this.child.kill('SIGKILL');

  /** Rejects where it ends, or says nothing in time. */
  async ports(): Promise<{ stream: string; ingest: string }> {
    const ends = this.ended.then((code) => {
      const sentence = /^millrace: (.*)$/m.exec(this.tail)?.[1] ?? this.tail.trim();
      throw code === EXIT_USAGE ? new UsageError(sentence) : new Error(`own engine: ended while starting: ${sentence}`);
    });
    ends.catch(() => undefined);
    return Promise.race([ends, this.namedPorts()]);
  }

  private namedPorts(): Promise<{ stream: string; ingest: string }> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.kill();
        reject(new Error(`own engine: expected its ports within ${START_WITHIN_MS / 1000} s, there were none`));
      }, START_WITHIN_MS);
      const look = (): void => {
        const match = PORTS.exec(this.tail);
        if (match === null) return;
        clearTimeout(timer);
        this.child.stderr?.off('data', look);
        resolve({ stream: match[1], ingest: match[2] });
      };
      this.child.stderr?.on('data', look);
      this.ended.then(() => clearTimeout(timer));
    });
  }

  failure(): string | null {
    const { exitCode, signalCode } = this.child;
    if (this.isStopping || (exitCode === null && signalCode === null)) return null;
    return `the engine ended with ${exitCode ?? signalCode}`;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.isStopping = true;
    this.child.kill('SIGTERM');
    const timer = setTimeout(this.kill, STOP_WITHIN_MS);
    await this.ended;
    clearTimeout(timer);
  }
}

/** Rejects with a UsageError where the engine refuses its settings. */
export async function startOwnEngine(options: OwnEngineOptions): Promise<OwnEngine> {
  const engine = new EngineChild(options);
  const { stream, ingest } = await engine.ports();
  return {
    url: `http://${stream}`,
    ingestUrl: `ws://${ingest}`,
    pid: engine.child.pid ?? 0,
    failure: () => engine.failure(),
    stop: () => engine.stop(),
  };
}
