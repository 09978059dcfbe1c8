// Owns the proof that the ring's model holds, and that it would notice each order being swapped.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODEL = join(ROOT, 'test/model/ring.pml');

function check(...args: readonly string[]): { readonly status: number | null; readonly text: string } {
  const command = ['--import', 'tsx', 'scripts/model-check.ts', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

describe('model of the ring', () => {
  it('holds, and fails with any one order swapped', (t) => {
    const { status, text } = check();
    for (const line of text.trimEnd().split('\n')) t.diagnostic(line);
    assert.equal(status, 0, text);
    const orders = readFileSync(MODEL, 'utf8').match(/^ \* ORDER /gm) ?? [];
    assert.equal(text.match(/^swap: .* (assertion|lost wake-up) /gm)?.length, orders.length, text);
    assert.ok(orders.length >= 12, `expected at least 12 orders, was ${orders.length}`);
  });

  it('is refused by the check when it names an order whose swap does no harm', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ring-model-test-'));
    try {
      const path = join(directory, 'ring.pml');
      const harmless = ' * ORDER work-bell < work-park: lost';
      const head = readFileSync(MODEL, 'utf8').replace(/^ \* (ORDER|FREE) .*\n/gm, '');
      writeFileSync(path, head.replace('/*\n', `/*\n${harmless}\n`));
      const { status, text } = check('--model', path, '--only', 'swap:');
      assert.equal(status, 1, text);
      assert.match(text, /^swap: work-bell < work-park +holds .*EXPECTED lost wake-up/m);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
