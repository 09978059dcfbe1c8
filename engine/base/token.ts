// Compares bearer tokens in constant time; header or subprotocol, never a URL (INTERFACES).

import { createHash, timingSafeEqual } from 'node:crypto';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Token inside `Bearer T`, or inside the subprotocol `bearer.<base64url of T>`; null where there is none. */
function presented(header: string, protocols: string): string | null {
  if (header.startsWith('Bearer ')) return header.slice('Bearer '.length);
  const protocol = protocols
    .split(',')
    .map((text) => text.trim())
    .find((text) => text.startsWith('bearer.'));
  return protocol === undefined ? null : Buffer.from(protocol.slice('bearer.'.length), 'base64url').toString('utf8');
}

/** Returns the check for one secret; null lets everyone in. Equal-length digests make the comparison's time say nothing. */
export function tokenCheck(token: string | null): (header: string, protocols: string) => boolean {
  if (token === null) return () => true;
  const wanted = digest(token);
  return (header, protocols) => timingSafeEqual(digest(presented(header, protocols) ?? ''), wanted);
}
