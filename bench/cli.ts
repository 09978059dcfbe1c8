// `npm run bench -- [suite …]`: runs suites, prints their tables and which aims were met.

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bench, printAims, Results, type Row, reportOf, type Size, type Suite, writeReport } from './harness.ts';

/** Loaded when they are run: the peers alone take a second. */
const SUITES: Readonly<Record<string, () => Promise<Suite>>> = {
  micro: async () => (await import('./micro/suite.ts')).microSuite,
  path: async () => (await import('./path/suite.ts')).pathSuite,
  peers: async () => (await import('./peers/suite.ts')).peersSuite,
  resilience: async () => (await import('./resilience/suite.ts')).resilienceSuite,
  memory: async () => (await import('./memory/suite.ts')).memorySuite,
  dashboards: async () => (await import('./dashboards/suite.ts')).dashboardsSuite,
};
const EXIT_USAGE = 2;
const NAMES = Object.keys(SUITES).join(', ');

const HELP = `usage: npm run bench -- [suite …] [--filter TEXT] [--json FILE] [--smoke] [--list]
suites: ${NAMES} (all without arguments)
  --filter TEXT  only the benches with TEXT in their name; repeatable
  --json FILE    also write the rows as JSON, with commit, Node, processor and aims
  --smoke        small sizes: checks the answers, measures nothing
  --list         print the names of the benches and end
examples:
  npm run bench -- micro
  npm run bench -- micro --filter ladder --filter ring
  npm run bench -- peers path --json rows.json
  npm run bench -- --list
`;

const OPTIONS = {
  filter: { type: 'string', multiple: true },
  json: { type: 'string' },
  smoke: { type: 'boolean' },
  list: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type Chosen = readonly { readonly suite: string; readonly benches: readonly Bench[] }[];

/** Wrong usage: one sentence, exit 2. */
class WrongUsage extends Error {}

function parse(parameters: readonly string[]) {
  try {
    return parseArgs({ args: [...parameters], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // The parser's sentence goes on with advice about its own grammar.
    throw new WrongUsage(error instanceof Error ? error.message.split(/\. |\n/)[0] : String(error));
  }
}

/** Benches by suite; those without one are left out. */
async function choose(suites: readonly string[], filters: readonly string[]): Promise<Chosen> {
  const unknown = suites.find((name) => SUITES[name] === undefined);
  if (unknown !== undefined) throw new WrongUsage(`expected a suite of ${NAMES}, was ${JSON.stringify(unknown)}`);
  const isChosen = ({ name }: Bench): boolean =>
    filters.length === 0 || filters.some((text) => name.toLowerCase().includes(text.toLowerCase()));
  const loaded = (suites.length === 0 ? Object.keys(SUITES) : suites).map(async (suite) => ({
    suite,
    benches: (await SUITES[suite]()).filter(isChosen),
  }));
  const chosen = (await Promise.all(loaded)).filter(({ benches }) => benches.length > 0);
  if (chosen.length === 0)
    throw new WrongUsage(
      `expected a part of a bench's name as --filter (--list names them), was ${filters.join(', ')}`,
    );
  return chosen;
}

async function runAll(chosen: Chosen, size: Size, print: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { suite, benches } of chosen) {
    const results = new Results(suite, print, size);
    for (const bench of benches) {
      print(`\n${suite}: ${bench.name}`);
      await bench.run(results, size);
    }
    rows.push(...results.rows);
  }
  return rows;
}

async function main(parameters: readonly string[]): Promise<void> {
  const { values, positionals } = parse(parameters);
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (values.json === '') throw new WrongUsage('expected a file name behind --json, was nothing');
  if (values.json !== undefined && !existsSync(dirname(values.json)))
    throw new WrongUsage(`expected a folder that is there behind --json, was ${dirname(values.json)}`);
  const chosen = await choose([...new Set(positionals)], values.filter ?? []);
  if (values.list) {
    for (const { suite, benches } of chosen) for (const { name } of benches) print(`${suite}: ${name}`);
    return;
  }
  const size: Size = values.smoke ? 'smoke' : 'full';
  const rows = await runAll(chosen, size, print);
  if (size === 'full') printAims(rows, (line) => print(`${line.startsWith('aims') ? '\n' : ''}${line}`));
  if (values.json !== undefined) writeReport(values.json, reportOf(rows, size));
}

// A reader such as `head` that has seen enough closes the pipe: nothing more is wanted.
process.stdout.on('error', () => process.exit());
try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof WrongUsage)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = EXIT_USAGE;
}
