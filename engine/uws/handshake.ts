// Refuses upgrades that are none: uWebSockets.js takes any request that has a key for one.

import type { HttpRequest, HttpResponse } from 'uWebSockets.js';
import { type Headers, writeHeaders } from './security-headers.ts';

/** The one version that there is (RFC 6455 §4.1); who asks for another is told it (§4.4). */
const VERSION = '13';

/**
 * Answers a request that lacks what RFC 6455 §4.2.1 asks for, and says whether it did: `Upgrade: websocket`, and the version.
 * Only valid inside the handler that was given both.
 */
export function refusesHandshake(res: HttpResponse, req: HttpRequest, headers: Headers): boolean {
  const isUpgrade = /(^|,)\s*websocket\s*(,|$)/i.test(req.getHeader('upgrade'));
  const version = req.getHeader('sec-websocket-version');
  if (isUpgrade && version === VERSION) return false;
  const message = isUpgrade
    ? `expected Sec-WebSocket-Version ${VERSION}, was ${JSON.stringify(version.slice(0, 8))}`
    : 'expected Upgrade: websocket';
  res.cork(() => {
    res.writeStatus(isUpgrade ? '426 Upgrade Required' : '400 Bad Request');
    res.writeHeader('content-type', 'application/json; charset=utf-8');
    if (isUpgrade) res.writeHeader('sec-websocket-version', VERSION);
    writeHeaders(res, headers);
    res.end(JSON.stringify({ error: { category: 'shape', message } }));
  });
  return true;
}
