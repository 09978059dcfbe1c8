// Tells of failed tests in full, and runs their files again one at a time: what fails beside another file alone is said so.
//   node scripts/failed-tests.mjs FAILURES [node options …]     exits 0 where every file passed by itself

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [path, ...options] = process.argv.slice(2);
const failures = readFileSync(path, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line));
const files = [...new Set(failures.map(({ file }) => file))];
for (const { file, name, detail } of failures) console.log(`FAILED ${file}: ${name}\n${detail}\n`);

const verdicts = files.map((file) => {
  const { status, stdout } = spawnSync(process.execPath, [...options, '--test', '--test-reporter', 'spec', file], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) console.log(stdout.slice(-20_000));
  return { file, isPassed: status === 0 };
});
for (const { file, isPassed } of verdicts) {
  console.log(isPassed ? `FLAKY ${file}: failed beside other files, passed by itself` : `FAILED AGAIN ${file}`);
}
process.exit(files.length > 0 && verdicts.every(({ isPassed }) => isPassed) ? 0 : 1);
