// `millrace bench`: runs the benches of the project's sources in a process of their own.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { entryUrl } from '../base/entry.ts';
import { UsageError } from '../base/errors.ts';

/** What benches need and the package does not install. */
const NEEDED = ['tinybench', 'tardis-dev', 'ccxt'];

function isInstalled(name: string): boolean {
  try {
    return existsSync(fileURLToPath(import.meta.resolve(name)));
  } catch {
    return false;
  }
}

/** Its exit code; the benches are started by their address, since nothing that ships imports them. */
export function bench(parameters: readonly string[]): Promise<number> {
  const entry = fileURLToPath(entryUrl('../../bench/cli.ts', import.meta.url));
  const missing = NEEDED.find((name) => !isInstalled(name));
  if (missing !== undefined || !existsSync(entry))
    throw new UsageError(
      `bench: expected the project with its development dependencies, was without ${missing ?? entry}`,
    );
  const child = spawn(process.execPath, [...process.execArgv, entry, ...parameters], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
