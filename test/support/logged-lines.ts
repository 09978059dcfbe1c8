// Collects what an engine logs, for tests of what it tells.

import { pino } from 'pino';
import type { Log } from '../../engine/observe/log.ts';

/** One line: its level by name, its text, and its fields. */
export type LoggedLine = { readonly level: string; readonly text: string; readonly [field: string]: unknown };

/** A log whose lines end in `lines`. */
export function linesInto(lines: LoggedLine[]): Log {
  return pino(
    { base: null, formatters: { level: (label) => ({ level: label }) } },
    {
      write: (text: string) => {
        const { msg, ...fields } = JSON.parse(text) as { msg: string; level: string };
        lines.push({ ...fields, text: msg });
      },
    },
  );
}
