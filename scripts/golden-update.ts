// Owns test/golden: writes each named session of our own synthetic venue, and what the engine makes of it; changes are
// reviewed as a diff.
// Run: npx tsx scripts/golden-update.ts [--directory test/golden]

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NAMED_SESSIONS, sessionName, sessionText } from '../engine/synthetic/named-sessions.ts';
import { buildSession, type Session } from '../engine/synthetic/session.ts';
import type { SyntheticDialect } from '../engine/synthetic/specs.ts';
import { replayInProcess } from '../test/support/engine-subject.ts';
import { expectedText } from '../test/support/recordings-golden.ts';

type Golden = {
  readonly name: string;
  readonly venue: SyntheticDialect;
  readonly directory: string;
  readonly session: Session;
};

function writeSession({ name, directory, session }: Golden): void {
  const text = sessionText(session);
  writeFileSync(join(directory, `${name}.ndjson`), text);
  process.stderr.write(`${name}.ndjson: ${session.lines.length} lines, ${text.length} bytes\n`);
}

/** In one thread, so that the script needs no loader for workers; the test compares what the threads make. */
async function writeExpected({ name, venue, directory }: Golden): Promise<void> {
  const result = await replayInProcess({ files: [join(directory, `${name}.ndjson`)], venue });
  const text = expectedText(result);
  writeFileSync(join(directory, `${name}.expected.json`), text);
  process.stderr.write(`${name}.expected.json: hash ${result.hash}, ${text.length} bytes\n`);
}

/** What is done for each session, in order. */
const STEPS: readonly ((golden: Golden) => void | Promise<void>)[] = [writeSession, writeExpected];

const { values } = parseArgs({ options: { directory: { type: 'string', default: 'test/golden' } } });
mkdirSync(values.directory, { recursive: true });
for (const options of NAMED_SESSIONS) {
  const { directory } = values;
  const golden = { name: sessionName(options), venue: options.dialect, directory, session: buildSession(options) };
  for (const step of STEPS) await step(golden);
}
