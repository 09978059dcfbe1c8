// The page: its text, as the build made it of engine/dashboard, and the policy under which a browser shows it.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { AccessPlan } from '../base/access.ts';
import { type Headers, headersOf } from '../uws/security-headers.ts';

export type Page = { readonly text: string; readonly headers: Headers };

/** In place of the page in a source tree that was never built. */
const MISSING =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Millrace</title></head>' +
  '<body><p>The dashboard is not built yet: run <code>npm run build</code> and start the engine again.</p></body></html>';

/** CSP sources of the elements that stand in the page: their hashes, so that nothing put in later runs. */
function hashesOf(text: string, element: 'script' | 'style'): string {
  const bodies = [...text.matchAll(new RegExp(`<${element}>([\\s\\S]*?)</${element}>`, 'g'))].map((match) => match[1]);
  if (bodies.length === 0) return "'none'";
  return bodies.map((body) => `'sha256-${createHash('sha256').update(body).digest('base64')}'`).join(' ');
}

/** It speaks to its own origin alone, loads nothing, and nobody may frame it. */
function policyOf(text: string): string {
  return [
    "default-src 'none'",
    `script-src ${hashesOf(text, 'script')}`,
    `style-src ${hashesOf(text, 'style')}`,
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** In the build it lies beside this module's folder; modules that run from source take that of the build. */
function addressOf(from: string): URL {
  const folder = from.endsWith('.ts') ? '../../dist/engine/dashboard' : '../dashboard';
  return new URL(`${folder}/page.html`, from);
}

export function readPage(access: AccessPlan): Page {
  const address = addressOf(import.meta.url);
  const text = existsSync(address) ? readFileSync(address, 'utf8') : MISSING;
  return { text, headers: headersOf(access, policyOf(text)) };
}
