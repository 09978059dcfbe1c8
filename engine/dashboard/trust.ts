// How a book's trust state is shown: a sign and a word, with a colour beside them.

import type { BookStateName } from '../../schemas/feed.ts';

const SIGNS: Readonly<Record<BookStateName, string>> = {
  live: '●',
  syncing: '◌',
  resyncing: '◌',
  suspect: '▲',
  stale: '■',
};

export const stateSign = (state: BookStateName): string => SIGNS[state] ?? '?';

/** `● live`, `■ stale (silent)`. */
export function stateText(state: BookStateName, reason: string | null): string {
  return `${stateSign(state)} ${state}${reason === null || state === 'live' ? '' : ` (${reason})`}`;
}

export function stateLook(state: BookStateName): 'live' | 'wait' | 'bad' {
  if (state === 'live') return 'live';
  return state === 'syncing' || state === 'resyncing' ? 'wait' : 'bad';
}
