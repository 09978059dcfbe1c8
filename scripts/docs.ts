// `npm run docs`: makes the configuration reference, its JSON Schema and the API reference; --check only says what is stale.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonSchema } from '../engine/settings/json-schema.ts';
import { structureText } from '../engine/settings/shown.ts';
import { withRegion } from './docs/generated-region.ts';
import { httpText } from './docs/http-text.ts';
import { settingsText } from './docs/settings-text.ts';

const fileAt = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Files by path from the root, each as it should be from what it is. */
const MADE: Readonly<Record<string, (before: string) => string>> = {
  'schemas/config.schema.json': () => structureText(jsonSchema(), 'json'),
  'docs/configuration.md': (before) => withRegion(before, 'settings', settingsText()),
  'docs/http.md': (before) => withRegion(before, 'routes', httpText()),
};

/** Files that are not as they would be made. */
export function staleDocuments(): string[] {
  return Object.entries(MADE)
    .filter(([path, make]) => {
      const before = readFileSync(fileAt(path), 'utf8');
      return before !== make(before);
    })
    .map(([path]) => path);
}

function writeDocuments(): void {
  for (const [path, make] of Object.entries(MADE)) {
    const before = path.endsWith('.json') ? '' : readFileSync(fileAt(path), 'utf8');
    writeFileSync(fileAt(path), make(before));
  }
}

async function main(): Promise<void> {
  if (process.argv.includes('--examples')) {
    const { recordExamples } = await import('./docs/http-examples.ts');
    await recordExamples();
  }
  if (!process.argv.includes('--check')) return writeDocuments();
  const stale = staleDocuments();
  for (const path of stale)
    process.stderr.write(`${path}: expected what the code makes, was different (npm run docs)\n`);
  if (stale.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
