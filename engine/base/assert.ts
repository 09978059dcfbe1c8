// Checks of what must be true whatever comes from outside; a failure is a bug and ends the thread that holds it.

import { InvariantError } from './errors.ts';

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
