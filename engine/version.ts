// The version of the package, as package.json has it.

import { existsSync, readFileSync } from 'node:fs';

/** Beside the sources, and one folder further up from dist. */
const PLACES = ['../package.json', '../../package.json'];

export function packageVersion(): string {
  for (const place of PLACES) {
    const url = new URL(place, import.meta.url);
    if (existsSync(url)) return (JSON.parse(readFileSync(url, 'utf8')) as { readonly version: string }).version;
  }
  return 'unknown';
}
