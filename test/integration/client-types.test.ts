// The client's types as a user's compiler takes them: of ES2022 and a browser alone, strict, by bundlers and by Node's rules.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

const ROOT = resolve(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const run = promisify(execFile);

const PROGRAM = `
import { createClient, type BookTicker, type Subscription } from 'millrace/client';
const client = createClient();
const loop: Subscription<BookTicker> = client.bbo('x:A');
for await (const ticker of loop) if (ticker.state === 'live' && loop.isConnected) ticker.bidPrice?.length;
for await (const message of client.replay({ signal: new AbortController().signal })) message.channel.length;
// @ts-expect-error: amounts are text
for await (const trade of client.trades('x:A')) if (trade.type === 'trade') trade.amount * 2;
await client.close();
`;

let folder: string;
/** What the package has for users of the client, made of the sources: there may be no build. */
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-types-'));
  const installed = join(folder, 'node_modules', 'millrace');
  mkdirSync(installed, { recursive: true });
  symlinkSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  const entries = ['index.ts', 'node.ts'].map((name) => join(ROOT, 'engine', 'client', name));
  const project = { extends: join(ROOT, 'tsconfig.json'), files: entries, include: [] };
  const compilerOptions = {
    ...{ rootDir: ROOT, outDir: join(installed, 'dist'), emitDeclarationOnly: true, sourceMap: false },
    typeRoots: [join(ROOT, 'node_modules', '@types')],
  };
  writeFileSync(join(folder, 'declare.json'), JSON.stringify({ ...project, compilerOptions }));
  await run(process.execPath, [TSC, '-p', join(folder, 'declare.json')]);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'bot.ts'), PROGRAM);
});
after(() => rmSync(folder, { recursive: true, force: true }));

for (const [module, resolution, condition] of [
  ['esnext', 'bundler', 'browser'],
  ['node16', 'node16', 'node'],
]) {
  test(`a strict program of ES2022 and the DOM compiles with the resolution ${resolution}`, async () => {
    const strict = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--exactOptionalPropertyTypes', '--types', ''];
    const platform = [
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
      '--module',
      module,
      '--moduleResolution',
      resolution,
    ];
    const args = [TSC, ...strict, ...platform, '--customConditions', condition, 'bot.ts'];
    const { stdout } = await run(process.execPath, args, { cwd: folder }).catch((error: { stdout: string }) => error);
    assert.equal(stdout, '');
  });
}
