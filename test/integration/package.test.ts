// The package: what is in it, and that a stranger's folder can run it by npx and import it, on every Node it promises.

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, freePort } from '../support/live-engine.ts';
import { PROJECT } from '../support/live-engine-process.ts';
import { nodeOf, pack, UserFolder } from '../support/packed.ts';

const PACKED_BYTES_MAX = 3 * 1024 * 1024;
const NOBODY = 65_534;
const UNPACKED_BYTES_MAX = 12 * 1024 * 1024;
const TSC = ['--strict', '--target', 'es2024', '--module', 'nodenext', '--lib', 'es2024,dom,esnext.disposable'];

/** Types of all entries, checked without skipLibCheck and without the types of Node. */
const PROGRAM = `
import { createEngine, type EmbeddedEngine, type Trade } from 'millrace';
import { createClient } from 'millrace/client';
import type { UserSignal } from 'millrace/signal';
const engine: EmbeddedEngine = await createEngine({ port: 0, ingestPort: 0, workers: 1, feed: ['synthetic'] });
let trades = 0;
const leave = engine.on('trade.*', (trade: Trade) => { trades += trade.price.length > 0 ? 1 : 0; });
// @ts-expect-error: a bar has no price
engine.on('bar.1s.*', (bar) => bar.price);
for await (const bar of engine.subscribe('bar.1s.synthetic:BTC-USDT')) { console.log('inside', bar.name); break; }
const client = createClient({ url: engine.url });
for await (const trade of client.subscribe('trade.synthetic:BTC-USDT')) { console.log('outside', trade.type); break; }
await client.close();
leave();
const { forced } = await engine.stop();
console.log(JSON.stringify({ forced, heard: trades > 0 }));
export type { UserSignal };
`;

const SIGNAL = `
import type { UserSignal } from 'millrace/signal';
const signal: UserSignal<'trade', number> = {
  name: 'count-mine', on: 'trade', start: () => 0,
  update: (state) => ({ state: state + 1, value: state + 1 }),
};
export default signal;
`;

let folder: string;
let tarball: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-package-'));
  tarball = await pack(folder);
});
after(() => rmSync(folder, { recursive: true, force: true }));

const installed = new Map<number, Promise<UserFolder>>();
function userOf(major: number): Promise<UserFolder> {
  const found =
    installed.get(major) ??
    nodeOf(major, folder).then(async (bin) => {
      const path = join(folder, `user-${major}`);
      return major === 20 ? UserFolder.install(path, bin, tarball) : (await userOf(20)).under(path, bin);
    });
  installed.set(major, found);
  return found;
}

const glibc = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header.glibcVersionRuntime;
const hasGlibc238 = glibc !== undefined && Number(glibc.split('.')[1]) >= 38;

/** Starts it as a person would, hands over its address, and ends it. */
async function started(user: UserFolder, use: (url: string) => Promise<void>, ...flags: string[]): Promise<string> {
  const parameters = ['millrace', 'start', '--port', '0', '--ingest-port', '0', '--workers', '1', ...flags];
  const child: ChildProcess = spawn('npx', parameters, { cwd: user.path, env: user.environment, detached: true });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (text) => (stdout += text));
  child.stderr?.on('data', (text) => (stderr += text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const [, url] = await eventually(`an address in ${stderr}`, () => /dashboard (\S+)\//.exec(stderr));
    await use(url);
  } finally {
    // npx, its shell and the engine: a terminal signals them all.
    process.kill(-(child.pid ?? 0), 'SIGTERM');
    await ended;
  }
  return stdout;
}

describe('the package', () => {
  test('is small, and holds what it promises and nothing of tests, benches or maps', () => {
    const lines = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8', maxBuffer: 2 ** 26 })
      .trim()
      .split('\n');
    const files = lines.map((line) => line.replace(/^package\//, ''));
    const unpacked = join(folder, 'unpacked');
    mkdirSync(unpacked);
    execFileSync('tar', ['xzf', tarball, '-C', unpacked]);
    const bytes = files.reduce((sum, name) => sum + statSync(join(unpacked, 'package', name)).size, 0);
    assert.ok(statSync(tarball).size < PACKED_BYTES_MAX, `${statSync(tarball).size} bytes packed`);
    assert.ok(bytes < UNPACKED_BYTES_MAX, `${bytes} bytes unpacked`);
    assert.deepEqual(
      files.filter((name) =>
        /\.map$|(^|\/)(test|bench)\/|\.test\.|^(?!examples\/).*(?<!\.d)\.ts$|secrets\//.test(name),
      ),
      [],
    );
    const promised = [
      'README.md',
      'LICENSE',
      'dist/engine/cli.js',
      'dist/engine/embed/index.d.ts',
      'dist/engine/dashboard/page.html',
    ];
    const more = ['schemas/wire.fbs', 'schemas/stream.fbs', 'schemas/config.schema.json', 'docs/embedding.md'];
    for (const name of [...promised, ...more, 'deploy/millrace.service', 'deploy/grafana/millrace.json'])
      assert.ok(files.includes(name), name);
  });

  for (const major of [20, 22, 24]) {
    const runs = major < 24 || hasGlibc238;

    test(`runs by npx on Node ${major} in an empty folder: ${runs ? 'the engine' : 'all but the engine'}`, async () => {
      const user = await userOf(major);
      assert.match(await user.must('npx', 'millrace', '--help'), /^Usage: millrace/);
      assert.ok(!user.has('node_modules/tsx') && !user.has('node_modules/typescript'));
      assert.match(await user.must('npx', 'millrace', 'config', '--port', '1234'), /1234/);
      if (!runs) {
        const { code, stdout, stderr } = await user.run(
          'npx',
          'millrace',
          'start',
          '--port',
          '0',
          '--ingest-port',
          '0',
        );
        assert.deepEqual([code, stdout], [2, '']);
        assert.match(
          stderr,
          /^millrace: Node v24\S+: expected glibc 2\.38 or newer .* was glibc \S+; Node 20 and 22 run here\n$/m,
        );
        return;
      }
      const flags = major === 20 ? ['--signal', user.file('mine.ts', SIGNAL)] : [];
      const stdout = await started(
        user,
        async (url) => {
          assert.equal((await fetch(`${url}/health`)).status, 200);
          assert.match(await (await fetch(url)).text(), /<script/);
          if (flags.length === 0) return;
          const path = `${url}/v1/signals/${encodeURIComponent('synthetic:BTC-USDT')}`;
          await eventually(
            'the signal',
            async () => ((await (await fetch(path)).json())['count-mine']?.value ?? 0) > 0,
          );
        },
        ...flags,
      );
      assert.equal(JSON.parse(stdout.trim().split('\n').at(-1) ?? '').forced, false);
    });

    test(`is imported by programs on Node ${major}`, async () => {
      const user = await userOf(major);
      user.file('program.mts', PROGRAM);
      const tsc = join(PROJECT, 'node_modules', 'typescript', 'bin', 'tsc');
      if (major === 20) assert.equal(await user.must(process.execPath, tsc, ...TSC, '--types', '', 'program.mts'), '');
      const plain =
        "import('millrace/client').then(({ createClient }) => createClient().close()).then(() => console.log('ok'))";
      assert.equal(await user.must('node', '-e', plain), 'ok\n');
      const schemas =
        "console.log(require.resolve('millrace/schemas/stream.fbs') && require('millrace/config.schema.json').type)";
      assert.equal(await user.must('node', '-e', schemas), 'object\n');
      const program = await userOf(20).then(({ path }) => join(path, 'program.mjs'));
      if (!runs) return;
      execFileSync('cp', [program, join(user.path, 'mine.mjs')]);
      assert.equal(await user.must('node', 'mine.mjs'), 'inside 1s\noutside trade\n{"forced":false,"heard":true}\n');
    });
  }

  test('runs as the image does: as nobody, from files it may not change, with the health check of the image', async () => {
    const user = await userOf(20);
    const root = join(user.path, 'node_modules', 'millrace');
    const token = join(folder, 'token');
    writeFileSync(token, 'a-token-for-this-test-alone');
    for (const path of [folder, token]) chmodSync(path, 0o755);
    const port = await freePort();
    const env = {
      ...{ PATH: user.environment['PATH'], MILLRACE_HOST: '0.0.0.0', MILLRACE_TOKEN_FILE: token },
      ...{ MILLRACE_PORT: String(port), MILLRACE_INGEST_PORT: '0', MILLRACE_WORKERS: '1' },
    };
    const nobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const check = (): number | null =>
      spawnSync(process.execPath, [join(root, 'deploy', 'health.mjs')], { env, ...nobody }).status;
    assert.equal(check(), 1);
    const child = spawn(process.execPath, [join(root, 'dist', 'engine', 'cli.js'), 'start'], {
      cwd: '/',
      env,
      ...nobody,
    });
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    const code = new Promise((resolve) => child.once('close', resolve));
    try {
      await eventually(`an address in ${stderr}`, () => /dashboard/.test(stderr));
      assert.equal(check(), 0);
      assert.equal((await fetch(`http://127.0.0.1:${port}/v1/markets`)).status, 401);
    } finally {
      child.kill('SIGTERM');
    }
    assert.equal(await code, 0);
  });

  test('gives browsers a client that imports no package and nothing of Node', async () => {
    const user = await userOf(20);
    const esbuild = join(PROJECT, 'node_modules', 'esbuild', 'bin', 'esbuild');
    user.file('page.js', "import { createClient } from 'millrace/client';\nglobalThis.client = createClient;\n");
    const bundle = await user.must(esbuild, 'page.js', '--bundle', '--platform=browser', '--format=esm');
    assert.ok(bundle.length > 1000);
    assert.doesNotMatch(bundle, /\bfrom ["']|\brequire\(/);
  });
});
