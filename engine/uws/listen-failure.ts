// Why a port could not be opened: uWebSockets.js does not tell, so the system is asked once more.

import { createServer } from 'node:net';
import { UsageError } from '../base/errors.ts';

const SENTENCES: Readonly<Record<string, string>> = {
  EACCES: 'expected a port that this user may open, was refused by the system',
  EPERM: 'expected a port that this user may open, was refused by the system',
  EADDRNOTAVAIL: 'expected an address of this machine, was none (--host)',
  ENOTFOUND: 'expected an address of this machine, was a name that is not known (--host)',
  EAI_AGAIN: 'expected an address of this machine, was a name that is not known (--host)',
};

/** The sentence for a port that is named `what` and set by `option`; without a better reason it is in use. */
export function listenFailure(what: string, host: string, port: number, option: string): Promise<UsageError> {
  return new Promise((resolve) => {
    const told = (reason?: string): void =>
      resolve(
        new UsageError(`${what} ${port} on ${host}: ${reason ?? `expected a free port, was in use (${option})`}`),
      );
    const server = createServer();
    server.once('error', ({ code = '' }: NodeJS.ErrnoException) => told(SENTENCES[code]));
    server.listen({ host, port, exclusive: true }, () => server.close(() => told()));
  });
}
