// Runs the torture scenarios and writes their report: `npm run torture -- --only T01,T22 --scale small|full --report DIR --seed N`.

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { reportOf, textOf, withFigures, writeReport } from '../test/torture/report.ts';
import { type Result, runScenario } from '../test/torture/runner.ts';
import { type ScenarioEntry, SIZES, type Size } from '../test/torture/scenario.ts';
import { SCENARIOS } from '../test/torture/scenarios.ts';

const SEED_DEFAULT = 1;
const REPORT_DEFAULT = 'torture-report';

const HELP = `Kills, floods, starves and attacks the engine, and judges by bounds what comes of it (docs/reliability.md).

npm run torture -- [options]
  --only T01,T27   these scenarios alone: ${SCENARIOS.map(({ id }) => id).join(' ')}
  --scale SIZE     ${SIZES.join(', ')} (default small); full takes most of an hour of two cores
  --report DIR     folder of torture.json and torture.md (default ${REPORT_DEFAULT})
  --docs FILE      also put the figures into a document, between its marks
  --seed N         seed of all that is drawn (default ${SEED_DEFAULT})
  --verbose        what scenarios say while they run, to stderr

Exit code: 0 where every bound held, 1 where one was missed, 2 for wrong usage.
`;

class Usage extends Error {}

type Settings = {
  readonly entries: readonly ScenarioEntry[];
  readonly size: Size;
  readonly seed: number;
  readonly folder: string;
  readonly document: string | null;
  readonly isVerbose: boolean;
};

function entriesOf(only: string | undefined): readonly ScenarioEntry[] {
  if (only === undefined) return SCENARIOS;
  return only.split(',').map((id) => {
    const entry = SCENARIOS.find((one) => one.id === id);
    if (entry !== undefined) return entry;
    throw new Usage(`--only: expected ids of ${SCENARIOS.map((one) => one.id).join(' ')}, was ${JSON.stringify(id)}`);
  });
}

function settingsOf(): Settings | null {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      scale: { type: 'string', default: 'small' },
      report: { type: 'string', default: REPORT_DEFAULT },
      docs: { type: 'string' },
      seed: { type: 'string', default: String(SEED_DEFAULT) },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const size = SIZES.find((one) => one === values.scale);
  if (size === undefined) throw new Usage(`--scale: expected ${SIZES.join(', ')}, was ${JSON.stringify(values.scale)}`);
  if (!/^\d{1,9}$/.test(values.seed))
    throw new Usage(`--seed: expected up to nine digits, was ${JSON.stringify(values.seed)}`);
  const seed = Number(values.seed);
  return {
    entries: entriesOf(values.only),
    size,
    seed,
    folder: values.report,
    document: values.docs ?? null,
    isVerbose: values.verbose,
  };
}

async function run({ entries, size, seed, folder, document, isVerbose }: Settings): Promise<boolean> {
  const log = isVerbose ? (text: string): void => console.error(text) : (): void => undefined;
  const results: Result[] = [];
  for (const entry of entries) {
    const result = await runScenario(entry, { size, seed, log });
    results.push(result);
    console.log(textOf(result));
    writeReport(folder, reportOf(results, { size, seed }));
  }
  const report = reportOf(results, { size, seed });
  if (document !== null) writeFileSync(document, withFigures(readFileSync(document, 'utf8'), report));
  console.log(
    `${report.verdict}: ${results.length} scenarios, ${report.run.durationS.toFixed(0)} s; report in ${folder}`,
  );
  return report.verdict === 'passed';
}

function usage(error: unknown): void {
  console.error(`torture: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}

let settings: Settings | null = null;
try {
  settings = settingsOf();
  if (settings === null) process.stdout.write(HELP);
} catch (error) {
  usage(error);
}
if (settings !== null && !(await run(settings))) process.exitCode = 1;
