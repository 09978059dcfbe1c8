// A reporter of node's test runner: one line of JSON for each test that failed, so that failures can be told last and run again.

import { relative } from 'node:path';

const DETAIL_CHARACTERS = 4000;

function textOf(error) {
  const cause = error?.cause ?? error;
  return String(cause?.stack ?? cause?.message ?? cause).slice(0, DETAIL_CHARACTERS);
}

export default async function* failures(source) {
  for await (const { type, data } of source) {
    // A suite fails for a test inside it, which tells more.
    if (type !== 'test:fail' || data.details.error?.failureType === 'subtestsFailed') continue;
    const file = relative(process.cwd(), data.file ?? data.name);
    yield `${JSON.stringify({ file, name: data.name, detail: textOf(data.details.error) })}\n`;
  }
}
