// Who may what: tokens with roles, all endpoints of both ports, and what each must answer to a way of presenting a token.

import type { AccessToken, Role } from '../../engine/base/token.ts';
import { DIALECTS } from '../../schemas/ids.ts';
import type { Presentation } from './token-presentations.ts';

const MARKET = 'binance:BTCUSDT';
/** Names the market that the endpoints ask for. */
export const MARKET_TRADE = '{"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1","q":"1","T":1,"m":true,"M":true}';

export const TOKENS: readonly AccessToken[] = [
  { secret: 'pushing-Secret-Ok7', roles: ['ingest'] },
  { secret: 'reading-Secret-Ok7', roles: ['read'] },
  { secret: 'both-kinds-Secret-7', roles: ['ingest', 'read'] },
  { secret: 'admins-own-Secret-7', roles: ['admin'] },
];

export type Endpoint = {
  readonly port: 'public' | 'ingest';
  readonly path: string;
  readonly method?: string;
  readonly isUpgrade?: boolean;
  /** Null is open to all. */
  readonly role: Role | null;
  /** Status where a request may be answered. */
  readonly status: number;
};

const read = (path: string, status = 200): Endpoint => ({ port: 'public', path, role: 'read', status });
const name = encodeURIComponent(MARKET);

export const ENDPOINTS: readonly Endpoint[] = [
  ...['/', '/health', '/ready'].map((path) => ({ ...read(path), role: null })),
  ...['/metrics', '/openapi.json', '/v1/markets', '/v1/stats', '/v1/latency'].map((path) => read(path)),
  ...['/v1/latency/decode.hgrm', '/v1/latency/decode.json', '/v1/stats?markets=0'].map((path) => read(path)),
  ...['book', 'measures', 'bars', 'trades', 'signals'].map((what) => read(`/v1/${what}/${name}`)),
  // The engine has no journal.
  read('/v1/replay', 409),
  { ...read('/v1/journal', 409), role: 'admin' },
  read('/v1/book/nobody:x', 404),
  read('/v1/book/%zz', 400),
  { ...read('/stream', 101), isUpgrade: true },
  { ...read('/stream?encoding=flatbuffers', 101), isUpgrade: true },
  ...DIALECTS.map((dialect) => ({
    ...{ port: 'ingest' as const, path: `/ingest/${dialect}`, role: 'ingest' as const, isUpgrade: true, status: 101 },
  })),
  ...['nobody', '__proto__', 'constructor', '%zz'].map((dialect) => ({
    ...{ port: 'ingest' as const, path: `/ingest/${dialect}`, role: 'ingest' as const, isUpgrade: true, status: 404 },
  })),
];

/** The status that is right, whatever the way and the token. */
export function statusFor(endpoint: Endpoint, presentation: Presentation, { roles }: AccessToken): number {
  const { role, isUpgrade = false, status } = endpoint;
  if (role === null) return status;
  if (!presentation.isRight[isUpgrade ? 'upgrade' : 'request']) return 401;
  return roles.includes(role) || roles.includes('admin') ? status : 403;
}
