// Makes the app of a port, with TLS where there are files for it.

import type { TemplatedApp } from 'uWebSockets.js';
import type { TlsFiles } from '../base/access.ts';
import { loadUws } from './load.ts';

/**
 * uSockets takes TLS 1.2 and above, and the file's whole chain. The files have been read and compared before: here an
 * error would only say that there is no app.
 */
export function createApp(tls: TlsFiles | null): TemplatedApp {
  const uws = loadUws();
  if (tls === null) return uws.App();
  const { cert, key, passphrase } = tls;
  return uws.SSLApp({
    cert_file_name: cert,
    key_file_name: key,
    ...(passphrase === null ? {} : { passphrase }),
  });
}
