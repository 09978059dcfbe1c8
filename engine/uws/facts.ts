// Reads of a request what access is decided by.

import type { HttpRequest } from 'uWebSockets.js';
import type { RequestFacts } from '../base/access.ts';

/** A header given twice is no header of one value: joined, as RFC 9110 §5.3 joins lists, it equals neither. */
const joined = (before: string | null, value: string): string => (before === null ? value : `${before},${value}`);

/** Only valid inside the handler that was given `req`. */
export function factsOf(req: HttpRequest): RequestFacts {
  let [authorization, protocols, origin]: (string | null)[] = [null, null, null];
  req.forEach((name, value) => {
    if (name === 'authorization') authorization = joined(authorization, value);
    else if (name === 'sec-websocket-protocol') protocols = joined(protocols, value);
    else if (name === 'origin') origin = joined(origin, value);
  });
  return {
    authorization: authorization ?? '',
    protocols: protocols ?? '',
    origin,
    host: req.getHeader('host'),
    query: req.getQuery() ?? '',
  };
}
