// Debian's Prometheus and promtool for tests: a server that scrapes one engine, and texts of its format taken apart.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './live-engine.ts';

export type Labels = Readonly<Record<string, string>>;
export type Series = { readonly name: string; readonly labels: Labels; readonly value: number };
export type Family = { readonly name: string; readonly type: string; readonly help: string; readonly series: Series[] };

const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));

function labelsOf(text: string): Labels {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
  return Object.fromEntries(pairs.map(([, name, value]) => [name, unescaped(value)]));
}

/** A scrape by metric, in its order. Series of a histogram are under the histogram's name. */
export function familiesOf(scrape: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let family: Family | null = null;
  let help = '';
  for (const line of scrape.split('\n')) {
    const [, word, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === 'HELP') help = rest;
    if (word === 'TYPE') {
      family = { name, type: rest, help, series: [] };
      families.set(name, family);
    }
    const sample = /^([a-z_][\w:]*)(?:\{(.*)\})? (\S+)$/i.exec(line);
    if (sample !== null && family !== null)
      family.series.push({ name: sample[1], labels: labelsOf(sample[2] ?? ''), value: Number(sample[3]) });
  }
  return families;
}

export type Ran = { readonly code: number; readonly output: string };

/** Runs promtool; its words are those of both streams. */
export function promtool(parameters: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = execFile('promtool', parameters, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: Number(error?.code ?? 0), output: `${stdout}${stderr}` });
    });
    child.stdin?.end(input);
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export type Alert = { readonly labels: Labels; readonly state: string };

export class Prometheus {
  readonly url: string;
  private readonly child: ChildProcess;
  private readonly folder: string;

  private constructor(child: ChildProcess, folder: string, url: string) {
    this.child = child;
    this.folder = folder;
    this.url = url;
  }

  /** Scrapes `target` (HOST:PORT) as job millrace each second, and evaluates the rules as often. */
  static async start(target: string, rules: string): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-prometheus-'));
    const settings = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'millrace', static_configs: [{ targets: [target] }] }],
    };
    // JSON is YAML.
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(settings));
    const address = `127.0.0.1:${await freePort()}`;
    const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
    const child = spawn('prometheus', [...flags, `--web.listen-address=${address}`], { stdio: 'ignore' });
    let failure: Error | null = null;
    child.on('error', (error) => {
      failure = error;
    });
    const prometheus = new Prometheus(child, folder, `http://${address}`);
    await eventually('Prometheus to begin', async () => {
      if (failure !== null) throw failure;
      return fetch(`${prometheus.url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    });
    return prometheus;
  }

  private async api(
    path: string,
  ): Promise<{ readonly status: string; readonly error?: string; readonly data: unknown }> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    return (await response.json()) as { status: string; error?: string; data: unknown };
  }

  /** Series that an expression has now. Throws the words of Prometheus where it is wrong. */
  async query(expression: string): Promise<unknown[]> {
    const answer = await this.api(`query?query=${encodeURIComponent(expression)}`);
    if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`);
    const { result } = answer.data as { result: unknown[] };
    return result;
  }

  async alerts(): Promise<readonly Alert[]> {
    return ((await this.api('alerts')).data as { alerts: Alert[] }).alerts;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    if (this.child.exitCode === null && this.child.kill()) await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
