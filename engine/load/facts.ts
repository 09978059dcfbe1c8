// Facts of a run that are known before it: the machine, the code, the options.

import { execFile } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RunFacts } from '../report/load-run.ts';
import type { EngineClient } from './engine-client.ts';
import type { LoadOptions } from './options.ts';

const GIT_WITHIN_MS = 2_000;

/** Of the code beside this file, with `+` where it has been changed since; null where git does not know it. */
async function commitOfHere(): Promise<string | null> {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const git = async (...parameters: string[]): Promise<string> =>
    (await promisify(execFile)('git', parameters, { cwd, timeout: GIT_WITHIN_MS })).stdout.trim();
  try {
    const commit = await git('rev-parse', '--short=12', 'HEAD');
    const changes = await git('status', '--porcelain', '--untracked-files=no');
    return changes === '' ? commit : `${commit}+`;
  } catch {
    return null;
  }
}

/** Options of a command line without their secrets. */
export function commandText(parameters: readonly string[]): string {
  const shown = parameters.map((text, index) => {
    if (parameters[index - 1] === '--token') return '(set)';
    return text.replace(/^(--token=).*$/s, '$1(set)');
  });
  const quoted = shown.map((text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`));
  return ['millrace', ...quoted].join(' ');
}

export type KnownFacts = Omit<RunFacts, 'offeredRate' | 'achievedRate' | 'durationS'>;

/** Of an engine elsewhere neither commit nor machine are known; it tells its Node version. */
export async function factsOf(
  options: LoadOptions,
  client: EngineClient,
  parameters: readonly string[],
): Promise<KnownFacts> {
  const { target } = options;
  const stats = await client.stats();
  return {
    commit: target === null ? await commitOfHere() : null,
    node: stats.process?.node ?? process.version,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    seed: options.seed,
    warmupS: options.warmupS,
    markets: options.markets,
    format: options.format,
    dialect: options.dialect,
    updates: options.updates,
    batch: options.batch,
    connections: options.connections,
    profile: options.profile,
    subscribers: options.subscribers,
    encoding: options.encoding,
    generator: options.generator,
    target: target === null ? 'own' : target.url,
    command: commandText(parameters),
    startedAt: new Date().toISOString(),
  };
}
