// The headers that tell browsers what an answer may be used for, on every answer of both ports.

import type { HttpResponse } from 'uWebSockets.js';
import type { AccessPlan } from '../base/access.ts';

export type Headers = readonly (readonly [name: string, value: string])[];

/** Data is never a document: nothing may run in it, frame it, or load it from another origin. */
const DATA_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/** Features of browsers that the page has no use for. */
const PERMISSIONS = 'camera=(), geolocation=(), microphone=(), payment=(), usb=()';
/** A year, as is usual. */
const HSTS_SECONDS = 31_536_000;

const COMMON: Headers = [
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['permissions-policy', PERMISSIONS],
  ['cache-control', 'no-store'],
];

/**
 * A browser that has once seen this host by TLS uses nothing else. Not on loopback: it would hold for every port of
 * localhost, and for servers that are not ours.
 */
function transportSecurity({ tls, isLocal }: AccessPlan): Headers {
  return tls === null || isLocal ? [] : [['strict-transport-security', `max-age=${HSTS_SECONDS}`]];
}

export const headersOf = (plan: AccessPlan, policy = DATA_POLICY): Headers => [
  ['content-security-policy', policy],
  ...COMMON,
  ...transportSecurity(plan),
];

/** Inside a cork, after the status. */
export function writeHeaders(res: HttpResponse, headers: Headers): void {
  for (const [name, value] of headers) res.writeHeader(name, value);
}
