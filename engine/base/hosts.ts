// What a host's text means: whether it is this machine alone, by which address one reaches it, and how a URL writes it.

import { isIPv6 } from 'node:net';

const LOOPBACK_V4 = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

/** True for 127.0.0.0/8, ::1 and localhost as texts. Other names may resolve to anything: ask DNS, then this. */
export function isLoopback(host: string): boolean {
  const plain = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return plain === 'localhost' || plain === '::1' || LOOPBACK_V4.test(plain);
}

/** As it stands in a URL. */
const urlHost = (host: string): string => (isIPv6(host) ? `[${host}]` : host);

/** The address by which this machine reaches what listens on `host`, as it stands in a URL: 0.0.0.0 is nobody's own. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return urlHost(host === '::' ? '::1' : host);
}

/** The name of a `Host` header, without port and final dot, in lower case; null where it is none. */
export function hostnameOf(header: string): string | null {
  const match = /^(\[[0-9a-f:.]+\]|[^\s:/?#@[\]\\]+?)\.?(?::\d{1,5})?$/i.exec(header);
  return match === null ? null : match[1].toLowerCase();
}

/** An address without the user and password it may hold. */
export const withoutUser = (address: string): string => address.replace(/\/\/[^/?#]*@/, '//(set)@');
