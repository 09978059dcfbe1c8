// Owns the checks of what is said where Node gives no memory to scan frames in.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { UsageError } from '../../../engine/base/errors.ts';

const { WebAssembly: real } = globalThis;
afterEach(() => {
  globalThis.WebAssembly = real;
});

/** Loads the module once more. */
function load(name: string): Promise<unknown> {
  return import(new URL(`../../../engine/decode/frame-memory.ts?${name}`, import.meta.url).href);
}

function isUsage(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof UsageError && pattern.test(error.message);
}

test('without WebAssembly the sentence names the flag that took it', async () => {
  Reflect.set(globalThis, 'WebAssembly', undefined);
  await assert.rejects(load('without'), isUsage(/expected one with WebAssembly.*--jitless/));
});

test('without room for its addresses the sentence says what helps', async () => {
  const refused = (): never => {
    throw new RangeError('WebAssembly.Memory(): could not allocate memory');
  };
  Reflect.set(globalThis, 'WebAssembly', { Memory: refused });
  await assert.rejects(load('refused'), isUsage(/--disable-wasm-trap-handler/));
});
