// `npm run bench -- [suite …] [--json FILE] [--smoke]`: runs suites and prints their tables.

import { booksSuite } from './books/suite.ts';
import { decodeSuite } from './decode/suite.ts';
import { Results, reportOf, type Size, writeReport } from './harness.ts';
import { pathSuite } from './path/suite.ts';
import { stateSuite } from './state/suite.ts';

type Suite = (results: Results, size: Size) => Promise<void>;

const SUITES: Readonly<Record<string, Suite>> = {
  path: pathSuite,
  decode: decodeSuite,
  books: booksSuite,
  state: stateSuite,
};
const EXIT_USAGE = 2;

const HELP = `usage: npm run bench -- [suite …] [--smoke] [--json FILE]
suites: ${Object.keys(SUITES).join(', ')} (all without arguments)
  --smoke      small sizes: checks the answers, measures nothing
  --json FILE  also write the rows as JSON
examples:
  npm run bench -- path
  npm run bench -- path --json path.json
`;

async function main(parameters: readonly string[]): Promise<number> {
  if (parameters.includes('--help')) {
    process.stdout.write(HELP);
    return 0;
  }
  const jsonAt = parameters.indexOf('--json');
  const json = jsonAt < 0 ? null : parameters[jsonAt + 1];
  const names = parameters.filter((text, i) => !text.startsWith('--') && (jsonAt < 0 || i !== jsonAt + 1));
  const unknown = names.find((name) => SUITES[name] === undefined);
  if (unknown !== undefined || json === undefined) {
    process.stderr.write(
      `bench: expected a suite of ${Object.keys(SUITES).join(', ')}, was ${JSON.stringify(unknown ?? '--json')}\n`,
    );
    return EXIT_USAGE;
  }
  const size: Size = parameters.includes('--smoke') ? 'smoke' : 'full';
  const rows = [];
  for (const name of names.length === 0 ? Object.keys(SUITES) : names) {
    const results = new Results(name, (line) => process.stdout.write(`${line}\n`));
    await SUITES[name](results, size);
    rows.push(...results.rows);
  }
  if (json !== null) writeReport(json, reportOf(rows));
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
