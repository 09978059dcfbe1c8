// Which dialects there are; the thread entry joins each with its decoder.

import { DIALECTS, type Dialect } from '../../schemas/ids.ts';

export function isDialect(text: string): text is Dialect {
  return (DIALECTS as readonly string[]).includes(text);
}
