// Hash of all layouts: main and workers compare it before the first record, so mixed builds never share memory.

import * as derived from './derived.ts';
import * as journal from './journal.ts';
import * as marketData from './market-data.ts';
import * as sharedState from './shared-state.ts';

/** FNV-1a over names, offsets and kinds of every declared field (Fowler, Noll, Vo). */
export function fingerprint(): string {
  let hash = 0x811c9dc5;
  const text = JSON.stringify([marketData, derived, sharedState, journal].map((layouts) => Object.entries(layouts)));
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
