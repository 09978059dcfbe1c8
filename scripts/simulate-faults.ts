// Runs simulated engines with faults, one a seed: npm run simulate:faults -- --seeds N [--seed S] [--verbose].

import { parseArgs } from 'node:util';
import { type RunsReport, runSeeds, savedSeeds, seedsFrom } from '../test/simulation/runs.ts';

const SEEDS = 1_000;
const FAILURES_SHOWN = 5;
const PROGRESS_EVERY = 100;
const USAGE = `npm run simulate:faults -- [--seeds N] [--seed S] [--verbose]

  --seeds N    seeds to run, by default ${SEEDS}
  --seed S     the first of them; without it those that once failed are run first, then 1, 2, 3 …
  --verbose    writes each event

  npm run simulate:faults -- --seeds 1 --seed 97 --verbose`;

function wrong(message: string): never {
  console.error(message);
  process.exit(2);
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  return wrong(`--${name}: expected a whole number from ${least} up, was ${JSON.stringify(text)}`);
}

function readOptions(): { seeds: Iterable<number>; isVerbose: boolean } {
  const options = {
    seeds: { type: 'string', default: String(SEEDS) },
    seed: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  try {
    const { values } = parseArgs({ options });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const count = wholeNumber('seeds', values.seeds, 1);
    const first = values.seed === undefined ? 1 : wholeNumber('seed', values.seed, 0);
    const saved = values.seed === undefined ? savedSeeds() : [];
    return { seeds: [...saved, ...seedsFrom(first, count)], isVerbose: values.verbose };
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

function summary(report: RunsReport, elapsedMs: number): string {
  const { seeds, events, virtualMs, frames, messages, repeated, failures, faults } = report;
  const counts = [...faults].sort(([a], [b]) => (a < b ? -1 : 1)).map(([fault, count]) => `${fault} ${count}`);
  return [
    `seeds ${seeds + failures.length}, failed ${failures.length}, run twice with equal events ${repeated}`,
    `events ${events}, frames ${frames}, messages checked ${messages}`,
    `virtual hours ${(virtualMs / 3.6e6).toFixed(2)} in ${(elapsedMs / 1000).toFixed(1)} s`,
    `faults: ${counts.join(', ')}`,
  ].join('\n');
}

const { seeds, isVerbose } = readOptions();
const clock = performance.now.bind(performance);
const startMs = clock();
const echo = isVerbose ? { echo: (line: string): void => console.log(line) } : {};
const report = runSeeds(seeds, echo, ({ seeds: done, failures }) => {
  if (done % PROGRESS_EVERY === 0) console.error(`${done} seeds, ${failures.length} failed`);
  return failures.length < FAILURES_SHOWN;
});
for (const failure of report.failures) console.log(`${failure.report}\n`);
console.log(summary(report, clock() - startMs));
process.exitCode = report.failures.length === 0 ? 0 : 1;
