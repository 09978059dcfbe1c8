// The client as one script: for a page, or for an example that names the package as its users do.

import { join, resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '../..');

export type Bundle = {
  readonly text: string;
  readonly inputs: Metafile['inputs'];
  readonly outputs: Metafile['outputs'];
};

async function bundle(options: Parameters<typeof build>[0]): Promise<Bundle> {
  const { outputFiles, metafile } = await build({ ...options, bundle: true, write: false, metafile: true });
  return { text: outputFiles[0].text, inputs: metafile.inputs, outputs: metafile.outputs };
}

/** The browser's entry; a global `millrace` holds what it exports. */
export function browserBundle(): Promise<Bundle> {
  const entryPoints = [join(ROOT, 'engine/client/index.ts')];
  return bundle({ entryPoints, platform: 'browser', format: 'iife', globalName: 'millrace', absWorkingDir: ROOT });
}

/** A program that imports `millrace/client`, with Node's entry put in its place. */
export function exampleBundle(path: string): Promise<Bundle> {
  const alias = { 'millrace/client': join(ROOT, 'engine/client/node.ts') };
  return bundle({ entryPoints: [join(ROOT, path)], platform: 'node', format: 'esm', alias, absWorkingDir: ROOT });
}
