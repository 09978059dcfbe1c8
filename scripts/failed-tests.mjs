// Tells of failed tests in full, and runs them again one file at a time: what fails beside another file alone is said so.
//   node scripts/failed-tests.mjs FAILURES [node options …]     exits 0 where everything passed by itself

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

const [path, ...options] = process.argv.slice(2);
const failures = readFileSync(path, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line));
for (const { file, name, detail } of failures) console.log(`FAILED ${file}: ${name}\n${detail}\n`);

const isTestFile = (file) => file.endsWith('.test.ts');
const testFiles = readdirSync('test', { recursive: true })
  .map((file) => `test/${file}`)
  .filter(isTestFile);

/** Test files that import a file, itself or by another that does: tests may be declared in what several files share. */
function importersOf(file) {
  const [name] = basename(file).split('.');
  const support = readdirSync('test/support').filter((each) => each.endsWith('.ts'));
  const isImporter = (each) => new RegExp(`/${name}(-[a-z]+)?\\.ts'`).test(readFileSync(each, 'utf8'));
  const between = support.map((each) => `test/support/${each}`).filter((each) => each !== file && isImporter(each));
  const names = [file, ...between].map((each) => basename(each));
  return testFiles.filter((each) => names.some((one) => readFileSync(each, 'utf8').includes(`/${one}'`)));
}

/** Runs one file, or only its tests of one name. */
function ran(file, name) {
  const pattern = name === null ? [] : [`--test-name-pattern=^${name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`];
  const arguments_ = [...options, '--test', ...pattern, '--test-reporter', 'spec', file];
  const { status, stdout } = spawnSync(process.execPath, arguments_, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Where only one name runs, checks of the file as a whole may fail for want of the rest.
  const isOf = (mark) => stdout.includes(`${mark} ${name} (`);
  const [hasRun, hasFailed] = name === null ? [true, status !== 0] : [isOf('✔') || isOf('✖'), isOf('✖')];
  if (hasFailed) console.log(stdout.slice(-20_000));
  return { hasRun, hasFailed };
}

/** True where everything that failed there passes now, and was there at all. */
function passesAlone({ file, names }) {
  if (isTestFile(file)) return !ran(file, null).hasFailed;
  const importers = importersOf(file);
  return names.every((name) => {
    const runs = importers.map((each) => ran(each, name)).filter(({ hasRun }) => hasRun);
    return runs.length > 0 && runs.every(({ hasFailed }) => !hasFailed);
  });
}

const places = [...new Set(failures.map(({ file }) => file))].map((file) => ({
  file,
  names: failures.filter((failure) => failure.file === file).map(({ name }) => name),
}));
const verdicts = places.map((place) => ({ file: place.file, isPassed: passesAlone(place) }));
for (const { file, isPassed } of verdicts) {
  console.log(isPassed ? `FLAKY ${file}: failed beside other files, passed by itself` : `FAILED AGAIN ${file}`);
}
process.exit(verdicts.length > 0 && verdicts.every(({ isPassed }) => isPassed) ? 0 : 1);
