// The process of one scenario: runs it and tells its outcome to the process that started it.

import type { Scenario, Size } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const [id, size, seed] = process.argv.slice(2);
const entry = SCENARIOS.find((one) => one.id === id);
if (entry === undefined || process.send === undefined)
  throw new Error('torture child: expected to be started by the runner');

/** Scenarios must not throw where nobody catches: that is a failure of theirs. */
process.on('unhandledRejection', (error) => {
  throw error;
});
const { scenario } = (await import(new URL(entry.file, import.meta.url).href)) as { scenario: Scenario };
const outcome = await scenario.run(size as Size, Number(seed), (text) => process.stderr.write(`${id} ${text}\n`));
process.send({ outcome }, () => process.disconnect());
