// Bundles engine/dashboard into one HTML file without any address in it: script and style stand inside.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('../engine/dashboard/', import.meta.url));

async function bundle(entry, options) {
  const common = {
    bundle: true,
    minify: true,
    write: false,
    charset: 'utf8',
    legalComments: 'inline',
    target: 'es2022',
  };
  const { outputFiles } = await build({ ...common, entryPoints: [join(folder, entry)], ...options });
  return outputFiles[0].text;
}

/** Licences whose texts have to go with copies; lightweight-charts carries its notice in its code. */
function licences() {
  const text = readFileSync(fileURLToPath(new URL('../LICENSE', import.meta.resolve('uplot'))), 'utf8');
  return `<!--\nuPlot:\n${text.replaceAll('--', '- -')}\nfancy-canvas: Copyright (c) TradingView, Inc., under the same MIT License.\n-->`;
}

/** Writes `page.html` into the folder. esbuild itself keeps `</script>` and `</style>` out of what it writes. */
export async function buildPage(outFolder) {
  const script = await bundle('main.ts', { format: 'iife', define: { 'process.env.NODE_ENV': '"production"' } });
  const style = await bundle('styles/page.css', {});
  const page = readFileSync(join(folder, 'template.html'), 'utf8')
    .replace('/*style*/', () => style)
    .replace('/*script*/', () => script)
    .replace('<!--licences-->', licences);
  mkdirSync(outFolder, { recursive: true });
  writeFileSync(join(outFolder, 'page.html'), page);
}
