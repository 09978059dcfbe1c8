// Locks a test's private key with a passphrase.

import { createPrivateKey } from 'node:crypto';

/** PKCS#8, encrypted; `pem` and the answer are PEM texts. */
export function lockedKey(pem: string, passphrase: string): string {
  const format = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
  return createPrivateKey(pem).export(format).toString();
}
