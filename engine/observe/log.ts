// The log: lines of JSON on stderr, so that results on stdout stay clean.

import { type Logger, pino } from 'pino';

export type Log = Logger;

/** Lines that wait for a disk that takes none, where stderr is a file: some thousand, then they are dropped. */
const WAITING_CHARACTERS_MAX = 1024 * 1024;

export function createLog(level: string): Log {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: WAITING_CHARACTERS_MAX });
  // A log that cannot be written ends no engine.
  destination.on('error', () => undefined);
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}
