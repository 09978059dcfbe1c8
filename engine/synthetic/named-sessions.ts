// Owns the small named sessions that are kept as golden files: one per dialect, three markets, across a minute's end.

import { buildSession, type Session, type SessionOptions } from './session.ts';
import type { SyntheticDialect } from './specs.ts';

/** Seven seconds before a minute ends, so that each session has a bar that closes and one that forms. */
const START_US = Date.UTC(2026, 0, 5, 11, 59, 53) * 1000;

function options(dialect: SyntheticDialect, seed: number, changes: Partial<SessionOptions> = {}): SessionOptions {
  const basis = { markets: 3, spanS: 14, rate: 18, levels: 40, startUs: START_US, connections: 1, quietS: 2.4 };
  return { dialect, seed, ...basis, ...changes };
}

/** Seeds differ so that no two files tell the same story. Coinbase counts per connection, so it gets two. */
export const NAMED_SESSIONS: readonly SessionOptions[] = [
  options('binance', 1),
  options('binance-futures', 2),
  options('kraken', 3),
  options('coinbase', 4, { connections: 2 }),
  options('json', 5),
];

export function sessionName({ dialect, seed }: SessionOptions): string {
  return `${dialect}-${seed}`;
}

/** The file's text: one JSON object a line. */
export function sessionText(session: Session): string {
  return `${session.lines.join('\n')}\n`;
}

export function buildNamedSession(name: string): Session {
  const found = NAMED_SESSIONS.find((session) => sessionName(session) === name);
  if (found === undefined)
    throw new Error(`named sessions: expected one of ${NAMED_SESSIONS.map(sessionName)}, was ${name}`);
  return buildSession(found);
}
