// The project's own rules of style, as far as a machine can see them (STYLE §2, §5, §9); shows when they drift.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE_FOLDERS = ['schemas', 'engine', 'workers', 'bench', 'scripts', 'test'];
const PRODUCT = ['schemas/', 'engine/', 'workers/'];
const LINES_MAX = 450;
const GENERATED = 'schemas/generated/';

type Source = { readonly path: string; readonly text: string; readonly imports: readonly string[] };

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

/** What a file imports: files of the project by their path from the root, packages by their name. */
function importsOf(path: string, text: string): string[] {
  const found = [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*'([^']+)'/g)]
    .concat([...text.matchAll(/(?:^|\n)import\s+'([^']+)'/g)], [...text.matchAll(/\bimport\('([^']+)'\)/g)])
    .map((match) => match[1]);
  return found.map((name) => (name.startsWith('.') ? relative(ROOT, join(ROOT, dirname(path), name)) : name));
}

const sources: readonly Source[] = SOURCE_FOLDERS.flatMap(filesIn)
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
  .map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    return { path, text, imports: importsOf(path, text) };
  });
const written = sources.filter(({ path }) => !path.startsWith(GENERATED));
const product = written.filter(({ path }) => PRODUCT.some((folder) => path.startsWith(folder)));
const isHot = ({ text }: Source): boolean => /^(\/\/[^\n]*\n)*\/\/[^\n]*Hot path/.test(text);
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/[^\n]*/g, '$1');

/** Folders whose work, like that of the files directly in `engine`, is to join all stages. */
const JOINING = ['commands', 'embed', 'recordings'];

/** The folder that has import rules: `engine/ring`, `workers/book`, `engine/venues/kraken`. */
function unitOf(path: string): string {
  const parts = path.split('/');
  if (parts[0] !== 'engine' && parts[0] !== 'workers') return parts[0];
  if (parts.length === 2 || JOINING.includes(parts[1])) return parts[0];
  return parts[1] === 'venues' && parts.length > 3 ? parts.slice(0, 3).join('/') : parts.slice(0, 2).join('/');
}

const BASE = ['schemas', 'engine/base'];
const SHARED = [...BASE, 'engine/ring', 'engine/observe', 'engine/memory'];

/** Whom each folder may import beside itself. Top-level files of engine and workers, and thread entries, join stages. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  'engine/base': ['schemas'],
  'engine/ring': BASE,
  'engine/observe': BASE,
  'engine/memory': [...BASE, 'engine/ring', 'engine/observe'],
  'engine/uws': BASE,
  'engine/measures': BASE,
  'engine/decode': BASE,
  'engine/route': SHARED,
  'engine/pool': SHARED,
  'engine/journal': SHARED,
  'engine/recovery': [...SHARED, 'engine/journal'],
  'engine/ingress': [...SHARED, 'engine/decode', 'engine/route', 'engine/uws', 'engine/connect', 'engine/journal'],
  'engine/publish': [...SHARED, 'engine/measures', 'engine/uws', 'engine/connect'],
  'engine/synthetic': SHARED,
  'engine/connect': SHARED,
  'engine/load': [...SHARED, 'engine/connect', 'engine/simulate', 'engine/synthetic', 'engine/report'],
  'engine/report': [...BASE, 'engine/observe'],
  'engine/simulate': [...SHARED, 'engine/connect', 'engine/synthetic'],
  'engine/settings': BASE,
  'engine/client': BASE,
  'engine/dashboard': [...BASE, 'engine/client'],
  'engine/export': [...BASE, 'engine/client'],
  'workers/book': SHARED,
  'workers/bars': SHARED,
  'workers/signals': SHARED,
  'workers/quality': BASE,
  'workers/output': SHARED,
};

/** Files whose work is to join stages. */
const JOINERS: Readonly<Record<string, readonly string[]>> = {
  'engine/ingress/thread.ts': [],
  'engine/ingress/decoders.ts': ['engine/venues'],
  'engine/ingress/connectors.ts': ['engine/venues'],
  'engine/simulate/simulators.ts': ['engine/venues'],
  'engine/load/venue-frames.ts': ['engine/ingress', 'engine/venues'],
};

function mayImport(from: string, to: string): boolean {
  const [unit, target] = [unitOf(from), unitOf(to)];
  if (unit === target) return true;
  if (unit === 'engine') return target === 'schemas' || target.startsWith('engine/');
  if (unit === 'workers') return target.startsWith('workers/') || SHARED.includes(target);
  if (unit.startsWith('engine/venues/'))
    return [...SHARED, 'engine/decode', 'engine/connect', 'engine/simulate'].includes(target);
  if (JOINERS[from]?.some((folder) => target.startsWith(folder))) return true;
  return ALLOWED[unit]?.includes(target) ?? false;
}

test('files import only whom their folder may', () => {
  const bad = product.flatMap(({ path, imports }) =>
    imports
      .filter((name) => SOURCE_FOLDERS.some((folder) => name.startsWith(`${folder}/`)) && !mayImport(path, name))
      .map((name) => `${path} imports ${name}`),
  );
  assert.deepEqual(bad, []);
});

test('each folder of engine and workers has its rule', () => {
  const units = new Set(product.map(({ path }) => unitOf(path)));
  const known = [...units].filter((unit) => unit in ALLOWED || unit.startsWith('engine/venues') || !unit.includes('/'));
  assert.deepEqual([...units], known);
});

test('packages stay where they belong', () => {
  const holders: Readonly<Record<string, RegExp>> = {
    piscina: /^(engine\/pool\/|workers\/main\.ts|test\/)/,
    'uWebSockets.js': /^(engine\/(uws|ingress|publish)\/|bench\/|test\/)/,
    commander: /^engine\/(command-line|program)\.ts$/,
    zod: /^(engine\/settings|test)\//,
    pino: /^(engine\/observe\/log\.ts$|test\/)/,
    'prom-client': /^(engine\/publish|bench|test)\//,
    'hdr-histogram-js': /^(engine\/(observe|publish)\/|bench\/|test\/)/,
    flatbuffers: /^(engine\/(publish|load)\/|schemas\/generated|bench\/|test\/)/,
    ws: /^(engine\/(synthetic|simulate|connect)\/|engine\/client\/node|bench\/|test\/)/,
    yaml: /^(engine\/settings|test)\//,
    'hyparquet-writer': /^(engine\/export|test)\//,
    'lightweight-charts': /^(engine\/dashboard|test)\//,
    uplot: /^(engine\/dashboard|test)\//,
  };
  const bad = sources.flatMap(({ path, imports }) =>
    imports.filter((name) => name in holders && !holders[name].test(path)).map((name) => `${path} imports ${name}`),
  );
  assert.deepEqual(bad, []);
});

test('nothing that ships imports bench, test or scripts', () => {
  const bad = product.filter(({ imports }) => imports.some((name) => /^(bench|test|scripts)\//.test(name)));
  assert.deepEqual(
    bad.map(({ path }) => path),
    [],
  );
});

test('relative imports name their file with its ending', () => {
  const bad = sources.flatMap(({ path, imports }) =>
    imports
      .filter((name) => /^(schemas|engine|workers|bench|scripts|test)\//.test(name) && !existsSync(join(ROOT, name)))
      .map((name) => `${path} imports ${name}`),
  );
  assert.deepEqual(bad, []);
});

test('no file uses any, enums or namespaces', () => {
  const bad = written.filter(({ text }) =>
    /[:<(|,]\s*any\b(?!\()|\bas any\b|^\s*(export )?(const )?enum |^\s*namespace /m.test(
      withoutComments(text).replace(/'[^'\n]*'|`[^`]*`/g, "''"),
    ),
  );
  assert.deepEqual(
    bad.map(({ path }) => path),
    [],
  );
});

test('hot files read no wall clock, draw no random numbers, parse no JSON and use no BigInt', () => {
  const bad = product
    .filter(isHot)
    .flatMap(({ path, text }) =>
      [...withoutComments(text).matchAll(/Date\.now|new Date|Math\.random|JSON\.parse|BigInt|\d+n\b/g)].map(
        (match) => `${path}: ${match[0]}`,
      ),
    );
  assert.deepEqual(bad, []);
  assert.ok(product.filter(isHot).length > 30, 'hot files say so in their first lines');
});

test(`no file is longer than ${LINES_MAX} lines`, (t) => {
  const sizes = written
    .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
    .sort((a, b) => b.lines - a.lines);
  for (const { path, lines } of sizes.slice(0, 5)) t.diagnostic(`${lines} lines  ${path}`);
  assert.deepEqual(
    sizes.filter(({ lines, path }) => lines > LINES_MAX && !path.startsWith('test/')).map(({ path }) => path),
    [],
  );
});

test('each file opens with a sentence that says what it owns', () => {
  const bad = written.filter(({ text }) => {
    const lines = text.replace(/^#![^\n]*\n/, '').split('\n');
    const comment = lines
      .slice(
        0,
        lines.findIndex((line) => !line.startsWith('//')),
      )
      .join(' ');
    return !/^\/\/ \S.*[.:]/.test(comment);
  });
  assert.deepEqual(
    bad.map(({ path }) => path),
    [],
  );
});

test('file and folder names are kebab-case', () => {
  const bad = SOURCE_FOLDERS.flatMap(filesIn).filter((path) => {
    if (path.startsWith(GENERATED)) return false;
    return path.split('/').some((part) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(part));
  });
  assert.deepEqual(bad, []);
});

test('no file names a path of one machine', () => {
  const bad = sources.filter(
    ({ path, text }) => path !== 'test/tidy.test.ts' && /\/(work|home|root|Users)\/[a-z]/.test(text),
  );
  assert.deepEqual(
    bad.map(({ path }) => path),
    [],
  );
});

test('every constant of schemas/config.ts is used', () => {
  const config = readFileSync(join(ROOT, 'schemas/config.ts'), 'utf8');
  const names = [...config.matchAll(/^export const (\w+)/gm)].map((match) => match[1]);
  assert.ok(names.length > 20);
  const unused = names.filter((name) => {
    const pattern = new RegExp(`\\b${name}\\b`);
    const isUsedInside = config
      .split('\n')
      .some((line) => pattern.test(line) && !line.includes(`export const ${name} `) && !/^\s*(\/\/|\/?\*)/.test(line));
    return !isUsedInside && !product.some(({ path, text }) => path !== 'schemas/config.ts' && pattern.test(text));
  });
  assert.deepEqual(unused, []);
});

test('every decision has a number of its own and a title', () => {
  const folder = join(ROOT, 'docs/decisions');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.md')) : [];
  const numbers = names.map((name) => name.slice(0, 4));
  assert.deepEqual(
    names.filter((name) => !/^\d{4}-[a-z0-9-]+\.md$/.test(name)),
    [],
  );
  assert.equal(new Set(numbers).size, numbers.length, `expected unique numbers, was ${numbers}`);
  for (const name of names) assert.match(readFileSync(join(folder, name), 'utf8'), /^# /, name);
});

test('decisions that the code cites exist', () => {
  const folder = join(ROOT, 'docs/decisions');
  const present = existsSync(folder) ? readdirSync(folder).map((name) => name.slice(0, 4)) : [];
  const bad = written.flatMap(({ path, text }) =>
    [...text.matchAll(/decisions\/(\d{4})/g)]
      .filter((match) => !present.includes(match[1]))
      .map((match) => `${path} cites ${match[1]}`),
  );
  assert.deepEqual(bad, []);
});
