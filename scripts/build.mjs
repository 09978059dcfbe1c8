// Compiles the project to dist/ and bundles the dashboard's page; with --if-stale only when a source is newer, with --release
// as it is packed.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPage } from './page.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stampFile = join(root, 'dist', '.built');
const sources = [
  ...['schemas', 'engine', 'workers', 'bench', 'scripts/build.mjs', 'scripts/page.mjs'],
  ...['tsconfig.json', 'tsconfig.build.json', 'package.json'],
];

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isFresh() {
  if (!existsSync(stampFile)) return false;
  const built = statSync(stampFile).mtimeMs;
  return sources.every((name) => newest(join(root, name)) <= built);
}

if (process.argv.includes('--if-stale') && isFresh()) process.exit(0);
rmSync(join(root, 'dist'), { recursive: true, force: true });
// A package has no sources, so nothing for source maps to point at; and no stamp, so that the next run here builds with them.
const isRelease = process.argv.includes('--release');
const flags = isRelease ? ['--sourceMap', 'false'] : [];
execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json', ...flags], {
  cwd: root,
  stdio: ['ignore', 2, 2],
});
await buildPage(join(root, 'dist', 'engine', 'dashboard'));
if (!isRelease) writeFileSync(stampFile, '');
