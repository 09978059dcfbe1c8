// Reads users' signal files: makes each into one module without imports, and learns from it what the signal is.

import { fileURLToPath } from 'node:url';
import { type Context, createContext, Script } from 'node:vm';
import { build } from 'esbuild';
import { SIGNAL_LOAD_MS } from '../schemas/config.ts';
import { SIGNAL_CATALOGUE } from '../schemas/signals.ts';
import { barKindOf } from './base/bar-kinds.ts';
import { entryUrl } from './base/entry.ts';
import { UsageError } from './base/errors.ts';
import type { SignalFile } from './base/market-plans.ts';
import type { SignalSpec } from './base/signal-specs.ts';

export type UserSignalFiles = { readonly files: readonly SignalFile[]; readonly specs: readonly SignalSpec[] };

const OUTPUTS_MAX = 3;
const NAME = /^[a-z][a-z0-9-]{0,39}$/;

function refuse(path: string, problem: string): never {
  throw new UsageError(`--signal ${path}: ${problem}`);
}

/** Of whatever was thrown, also of what throws again when it is looked at. */
function firstLine(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error).split('\n')[0];
  } catch {
    return 'something that cannot be told';
  }
}

/** One file and all it imports, types taken away, as a script that sets `userSignal`. Node's own modules are out of reach. */
async function bundle(path: string): Promise<SignalFile> {
  try {
    const made = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'userSignal',
      platform: 'neutral',
      target: 'node20',
      logLevel: 'silent',
      alias: { 'millrace/signal': fileURLToPath(entryUrl('../schemas/user-signal.ts', import.meta.url)) },
    });
    return { path, source: made.outputFiles[0].text };
  } catch (error) {
    const { errors = [] } = error as { errors?: readonly { readonly text: string }[] };
    return refuse(path, `expected a module that can be read, was: ${errors[0]?.text ?? firstLine(error)}`);
  }
}

/** Jobs of promises that the module makes at once are run within its time limit, and not later on this thread. */
const signalContext = (): Context => createContext(Object.create(null), { microtaskMode: 'afterEvaluate' });

/** Runs the module in a context of its own, as the shards will, and looks at its default export. */
function exportOf({ path, source }: SignalFile): Record<string, unknown> {
  try {
    const script = new Script(`${source};userSignal.default`, { filename: path });
    const found: unknown = script.runInContext(signalContext(), { timeout: SIGNAL_LOAD_MS });
    if (typeof found === 'object' && found !== null) {
      // Read here, so that what a getter or a proxy throws is told as the file's.
      const { name, on, barKind, outputs, start, update } = found as Record<string, unknown>;
      return { name, on, barKind, outputs, start, update };
    }
  } catch (error) {
    return refuse(path, `expected a module that can be run, was: ${firstLine(error)}`);
  }
  return refuse(path, 'expected a default export { name, on, start, update }');
}

function outputsOf(path: string, outputs: unknown): string[] {
  if (outputs === undefined) return ['value'];
  const isList = Array.isArray(outputs) && outputs.length >= 1 && outputs.length <= OUTPUTS_MAX;
  if (!isList || !outputs.every((each) => typeof each === 'string' && each !== '')) {
    return refuse(path, `expected outputs to be one to ${OUTPUTS_MAX} names`);
  }
  return outputs.map(String);
}

function specOf(file: SignalFile, user: number): SignalSpec {
  const { path } = file;
  const { name, on, barKind = '1m', outputs, start, update } = exportOf(file);
  if (typeof name !== 'string' || !NAME.test(name))
    refuse(path, 'expected name of lower-case letters, digits and hyphens');
  if (SIGNAL_CATALOGUE.some((each) => each.name === name)) refuse(path, `expected a name of its own, was ${name}`);
  if (on !== 'book' && on !== 'trade' && on !== 'bar') return refuse(path, 'expected on to be book, trade or bar');
  if (typeof start !== 'function' || typeof update !== 'function') refuse(path, 'expected functions start and update');
  return {
    name,
    base: name,
    input: on,
    parameters: [],
    outputs: outputsOf(path, outputs),
    barKind: on === 'bar' ? barKindOf(String(barKind)).name : null,
    threshold: null,
    user,
  };
}

/** All files, in order. Throws a UsageError naming the file and what is wrong with it. */
export async function loadUserSignals(paths: readonly string[]): Promise<UserSignalFiles> {
  const files = await Promise.all(paths.map(bundle));
  const specs = files.map(specOf);
  const twice = specs.find(({ name }, index) => specs.findIndex((each) => each.name === name) !== index);
  if (twice !== undefined) refuse(files[twice.user].path, `expected a name of its own, was ${twice.name} again`);
  return { files, specs };
}
