// Compares bearer tokens in constant time and says what they may do; header or subprotocol, never a URL (INTERFACES).

import { createHash, timingSafeEqual } from 'node:crypto';

/** What a token may do: push frames, read what comes of them, or everything. */
export const ROLES = ['ingest', 'read', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export type AccessToken = {
  readonly secret: string;
  readonly roles: readonly Role[];
  /** For people alone: nothing is decided by it. */
  readonly name?: string;
};

/** `lacking` is a token that is known and may not do this. */
export type Standing = 'granted' | 'unknown' | 'lacking';

/** Judges what a client presents in `Authorization` and in `Sec-WebSocket-Protocol`, each '' where there is none. */
export type TokenCheck = (header: string, protocols: string, role: Role) => Standing;

/** `--token`: one secret for everything. */
export const tokensOf = (secret: string | null): readonly AccessToken[] =>
  secret === null ? [] : [{ secret, roles: ['admin'] }];

const digest = (bytes: string | Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** RFC 7235 §2.1: the scheme in any case, one space, then the token as it is. */
const BEARER = /^bearer (.+)$/is;
const PROTOCOL = 'bearer.';
const NOTHING = Buffer.alloc(0);

/**
 * Bytes of the one token of a list of subprotocols. Two of them, and text that is not what base64url makes of its bytes
 * (padding, the other alphabet, bits to spare), are none: one token has one spelling.
 */
function fromProtocols(protocols: string): Uint8Array {
  const found = protocols
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text.startsWith(PROTOCOL));
  if (found.length !== 1) return NOTHING;
  const text = found[0].slice(PROTOCOL.length);
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : NOTHING;
}

/** A header that names a bearer decides, even where it is wrong; nothing presented is no bytes. */
function presented(header: string, protocols: string): Uint8Array {
  const match = BEARER.exec(header);
  return match === null ? fromProtocols(protocols) : Buffer.from(match[1]);
}

const bitOf = (role: Role): number => 1 << ROLES.indexOf(role);
const EVERY_BIT = ROLES.reduce((bits, role) => bits | bitOf(role), 0);
const KNOWN_BIT = 1 << ROLES.length;

const bitsOf = (roles: readonly Role[]): number =>
  roles.reduce((bits, role) => bits | (role === 'admin' ? EVERY_BIT : bitOf(role)), KNOWN_BIT);

/**
 * Returns the check over all tokens; without any, everyone may do everything. Each look digests what is presented, to
 * equal length, and compares it with every token: its time says neither which token was near nor whether one was.
 */
export function tokenCheck(tokens: readonly AccessToken[]): TokenCheck {
  if (tokens.length === 0) return () => 'granted';
  const known = tokens.map(({ secret, roles }) => ({ wanted: digest(secret), bits: bitsOf(roles) }));
  return (header, protocols, role) => {
    const bytes = presented(header, protocols);
    const found = digest(bytes);
    let bits = 0;
    for (const token of known) bits |= -Number(timingSafeEqual(found, token.wanted)) & token.bits;
    if (bits === 0 || bytes.length === 0) return 'unknown';
    return (bits & bitOf(role)) === 0 ? 'lacking' : 'granted';
  };
}
