// `npm run benchmarks`: runs the reference benches and load tests, and makes docs/benchmarks.md with its plots anew.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../engine/base/errors.ts';
import { renderDocument } from './benchmarks/document.ts';
import { drawPlots, PLOTS, PLOTS_FOLDER, plotPath } from './benchmarks/plots.ts';
import { readReference } from './benchmarks/reference.ts';
import { knownNames, runAll } from './benchmarks/runs.ts';

const ROOT = resolve(import.meta.dirname, '..');
const RUNS_USUAL = 2;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

const HELP = `usage: npm run benchmarks -- [--from DIR] [--out FILE] [--keep DIR] [--only NAME]… [--runs N] [--quick]
  --from DIR   make the document from raw results kept before, and run nothing
  --out FILE   the document (docs/benchmarks.md); its plots go to the folder ${PLOTS_FOLDER} beside it
  --keep DIR   folder for raw results, outside the repository (a new one under the system's temporary folder)
  --only NAME  a suite or a load test alone; repeatable
  --runs N     runs of each suite (${RUNS_USUAL}; 1 with --quick)
  --quick      small sizes: proves that everything runs, measures nothing
examples:
  npm run benchmarks
  npm run benchmarks -- --only path --only hundred-thousand --out /tmp/path.md
  npm run benchmarks -- --from /tmp/millrace-benchmarks-x1y2z3
`;

const OPTIONS = {
  from: { type: 'string' },
  out: { type: 'string' },
  keep: { type: 'string' },
  only: { type: 'string', multiple: true },
  runs: { type: 'string' },
  quick: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

function parse(parameters: readonly string[]) {
  try {
    return parseArgs({ args: [...parameters], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message.split(/\. |\n/)[0] : String(error));
  }
}

type Values = ReturnType<typeof parse>;

function runsOf({ runs, quick }: Values): number {
  if (runs === undefined) return quick ? 1 : RUNS_USUAL;
  if (!/^[1-9]\d?$/.test(runs)) throw new UsageError(`--runs: expected a whole number from 1 to 99, was ${runs}`);
  return Number(runs);
}

function onlyOf({ only = [] }: Values): readonly string[] {
  if (only.length === 0) return only;
  const known = knownNames();
  const unknown = only.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--only: expected one of ${known.join(', ')}, was ${JSON.stringify(unknown)}`);
  return only;
}

/** A folder inside the repository would make the next commit hold machine noise. */
function keepOf({ keep }: Values): string {
  if (keep === undefined) return mkdtempSync(join(tmpdir(), 'millrace-benchmarks-'));
  const folder = resolve(keep);
  if (`${folder}/`.startsWith(`${ROOT}/`))
    throw new UsageError(`--keep: expected a folder outside ${ROOT}, was ${keep}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Raw results to a document and its plots; plots of an earlier run go. */
export function writeDocument(folder: string, out: string): void {
  const reference = readReference(folder);
  const text = renderDocument(reference);
  const plots = join(dirname(out), PLOTS_FOLDER);
  for (const { key } of PLOTS) rmSync(join(dirname(out), plotPath(key)), { force: true });
  mkdirSync(plots, { recursive: true });
  for (const { name, text: svg } of drawPlots(reference)) writeFileSync(join(plots, name), svg);
  writeFileSync(out, text);
}

async function main(values: Values): Promise<number> {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const out = resolve(values.out ?? join(ROOT, 'docs/benchmarks.md'));
  let failures: readonly string[] = [];
  let folder = values.from;
  if (folder === undefined) {
    const [runs, only] = [runsOf(values), onlyOf(values)];
    folder = keepOf(values);
    failures = (await runAll({ folder, isQuick: values.quick ?? false, runs, only }, print)).failures;
  }
  writeDocument(resolve(folder), out);
  print(`\nraw results: ${folder}\nwritten: ${out}`);
  for (const failure of failures) process.stderr.write(`benchmarks: failed: ${failure}\n`);
  return failures.length === 0 ? 0 : EXIT_FAILED;
}

if (process.argv[1] === import.meta.filename) {
  try {
    process.exitCode = await main(parse(process.argv.slice(2)));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`benchmarks: ${error.message}\n`);
    process.exitCode = EXIT_USAGE;
  }
}
