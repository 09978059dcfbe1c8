// Owns the check of test/model/ring.pml: the model must hold, and every copy with one order swapped must fail as it says.
// Run: node --import tsx scripts/model-check.ts [--model test/model/ring.pml] [--only 'swap: tail-store']

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** What spin found: nothing, a failed assertion, a sleeper nobody can wake, or work that never ends. */
type Outcome = 'holds' | 'assertion' | 'lost wake-up' | 'idle work' | 'incomplete';

type Check = { readonly name: string; readonly model: string; readonly flags: Flags; readonly expected: Outcome };
type Flags = { readonly spin: readonly string[]; readonly gcc: readonly string[]; readonly pan: readonly string[] };
type Result = {
  readonly outcome: Outcome;
  readonly states: number;
  readonly depth: number;
  readonly seconds: number;
  readonly detail: string;
};

/** Longest path searched, in steps: ten times the longest seen (349,000), or the search reports itself as incomplete. */
const DEPTH_MAX = 4_000_000;
/** Most memory of one search, in MB; the largest needs 500. */
const MEMORY_MAX_MB = 2_000;

const SAFETY: Flags = { spin: [], gcc: ['-DSAFETY'], pan: [] };
const CASES: readonly { readonly name: string; readonly flags: Flags }[] = [
  { name: 'two threads, 2 slots', flags: SAFETY },
  { name: 'the same, sleeps may time out', flags: { ...SAFETY, spin: ['-DTIMEOUTS'] } },
  { name: 'the same, idle does nothing', flags: { spin: [], gcc: ['-DNP'], pan: ['-l'] } },
  { name: 'two threads, 4 slots', flags: { ...SAFETY, spin: ['-DCAPACITY=4', '-DPLAIN'] } },
  { name: 'a second ringer, 2 slots', flags: { ...SAFETY, spin: ['-DOTHER', '-DPLAIN'] } },
];

const KINDS: Readonly<Record<string, Outcome>> = { torn: 'assertion', overwritten: 'assertion', lost: 'lost wake-up' };

function has(program: string): boolean {
  return spawnSync(program, [program === 'spin' ? '-V' : '--version']).error === undefined;
}

/** Installs what is missing from Debian's packages, where that is allowed. */
function ensurePrograms(): void {
  const missing = ['spin', 'gcc'].filter((program) => !has(program));
  if (missing.length === 0) return;
  const packages = missing.includes('gcc') ? [...missing, 'libc6-dev'] : missing;
  if (process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { stdio: 'inherit', env });
  }
  const still = missing.filter((program) => !has(program));
  if (still.length === 0) return;
  process.stderr.write(`model-check needs ${still.join(' and ')}: apt-get install ${packages.join(' ')} (Debian)\n`);
  process.exit(1);
}

type Order = { readonly name: string; readonly first: string; readonly second: string; readonly expected: Outcome };

/** The lines "ORDER first < second: kind" and "FREE first < second" of the model. */
function ordersOf(model: string): Order[] {
  const orders: Order[] = [];
  for (const match of model.matchAll(/^ \* (ORDER|FREE) ([\w-]+) < ([\w-]+)(?:: (\w+))?/gm)) {
    const [, word, first, second, kind] = match;
    const expected: Outcome | undefined = word === 'FREE' ? 'holds' : KINDS[kind];
    if (expected === undefined) throw new Error(`model: expected a known kind for ${first} < ${second}, was ${kind}`);
    orders.push({ name: `${first} < ${second}`, first, second, expected });
  }
  if (orders.length === 0) throw new Error('model: expected ORDER lines, was none');
  return orders;
}

type Step = { readonly start: number; readonly end: number };

/** The text of a step, from its opening comment to the end of its closing one. */
function findStep(model: string, name: string): Step {
  const opening = `/* STEP ${name}:`;
  const start = model.indexOf(opening);
  if (start < 0 || model.indexOf(opening, start + 1) >= 0) throw new Error(`model: expected one step ${name}`);
  const closing = '/* } */';
  return { start, end: model.indexOf(closing, start) + closing.length };
}

/** A copy of the model in which the first step comes just after the second. */
function swapped(model: string, order: Order): string {
  const first = findStep(model, order.first);
  const second = findStep(model, order.second);
  if (first.end > second.start) throw new Error(`model: expected ${order.first} to end before ${order.second}`);
  const moved = model.slice(first.start, first.end);
  const between = model.slice(first.end, second.end);
  return `${model.slice(0, first.start)}${between}\n${moved}\n${model.slice(second.end)}`;
}

function run(program: string, args: readonly string[], directory: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: directory, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

function outcomeOf(report: string): Outcome {
  if (/errors: 0$/m.test(report)) {
    return /max search depth too small|Search not completed|out of memory/.test(report) ? 'incomplete' : 'holds';
  }
  if (/assertion violated/.test(report)) return 'assertion';
  if (/invalid end state/.test(report)) return 'lost wake-up';
  if (/non-progress cycle/.test(report)) return 'idle work';
  return 'incomplete';
}

/** Translates, compiles and searches one model in a directory of its own. */
function search(check: Check): Result {
  const directory = mkdtempSync(join(tmpdir(), 'ring-model-'));
  try {
    writeFileSync(join(directory, 'ring.pml'), check.model);
    run('spin', [...check.flags.spin, '-a', 'ring.pml'], directory);
    // A failing copy ends within a moment: compiling it with care would cost more than it saves.
    const level = check.expected === 'holds' ? '-O2' : '-O0';
    run('gcc', [level, '-w', ...check.flags.gcc, `-DMEMLIM=${MEMORY_MAX_MB}`, '-o', 'pan', 'pan.c'], directory);
    const started = performance.now();
    const report = run('./pan', [`-m${DEPTH_MAX}`, ...check.flags.pan], directory);
    return {
      outcome: outcomeOf(report),
      states: Number(/(\d+(?:\.\d+)?(?:e\+\d+)?) states, stored/.exec(report)?.[1] ?? Number.NaN),
      depth: Number(/depth reached (\d+)/.exec(report)?.[1] ?? Number.NaN),
      seconds: (performance.now() - started) / 1000,
      detail: /^pan:\d+: (.*?) \(at depth \d+\)/m.exec(report)?.[1] ?? '',
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const { values } = parseArgs({
  options: { model: { type: 'string', default: 'test/model/ring.pml' }, only: { type: 'string', default: '' } },
});
ensurePrograms();
const model = readFileSync(values.model, 'utf8');
const checks: Check[] = [
  ...CASES.map(({ name, flags }): Check => ({ name, model, flags, expected: 'holds' })),
  ...ordersOf(model).map((order): Check => {
    const name = `${order.expected === 'holds' ? 'free' : 'swap'}: ${order.name}`;
    return { name, model: swapped(model, order), flags: SAFETY, expected: order.expected };
  }),
].filter(({ name }) => name.startsWith(values.only));
if (checks.length === 0) throw new Error(`model-check: expected a check whose name begins with '${values.only}'`);

const line = (...cells: readonly string[]): string =>
  `${cells[0].padEnd(38)} ${cells[1].padEnd(12)} ${cells[2].padStart(9)} ${cells[3].padStart(8)} ${cells[4].padStart(6)}  ${cells[5]}\n`;
process.stdout.write(line('model or swapped order', 'outcome', 'states', 'depth', 's', 'what spin says'));
let wrong = 0;
for (const check of checks) {
  const { outcome, states, depth, seconds, detail } = search(check);
  const isExpected = outcome === check.expected;
  if (!isExpected) wrong++;
  const remark = isExpected ? detail : `EXPECTED ${check.expected}: ${detail}`;
  process.stdout.write(line(check.name, outcome, String(states), String(depth), seconds.toFixed(2), remark));
}
process.stdout.write(wrong === 0 ? 'as expected: every one\n' : `not as expected: ${wrong}\n`);
process.exitCode = wrong === 0 ? 0 : 1;
