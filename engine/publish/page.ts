// The page: its text, and the policy under which a browser shows it.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AccessPlan } from '../base/access.ts';
import { type Headers, headersOf } from '../uws/security-headers.ts';

export type Page = { readonly text: string; readonly headers: Headers };

/** CSP sources of the elements that stand in the page: their hashes, so that nothing put in later runs. */
function hashesOf(text: string, element: 'script' | 'style'): string {
  const bodies = [...text.matchAll(new RegExp(`<${element}>([\\s\\S]*?)</${element}>`, 'g'))].map((match) => match[1]);
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

/** The page lies beside this module, as a file in the source and as a copy in the build. */
export function readPage(access: AccessPlan): Page {
  const text = readFileSync(new URL('./dashboard/page.html', import.meta.url), 'utf8');
  return { text, headers: headersOf(access, policyOf(text)) };
}
