// Loads the uWebSockets.js build that carries binaries for the running Node: the only place that names the packages.

import type * as Uws from 'uWebSockets.js';
import { createRequire } from 'node:module';

/**
 * 20.51.4 has binaries for Node 20 and 22, 20.69.0 for Node 22, 24 and 26. Node 22 takes the older one, because the
 * newer one's binaries want glibc 2.38 and do not load on Debian 12 (2.36); for Node 24 there is no other.
 */
const NEXT_FROM_NODE_MAJOR = 24;

/** LIBUS_LISTEN_EXCLUSIVE_PORT: without it two engines share one port in silence (RELIABILITY §1). */
export const LISTEN_EXCLUSIVE = 1;

declare module 'uWebSockets.js' {
  interface TemplatedApp {
    /** With a host and options: supported, but missing in the package's types. */
    listen(
      host: string,
      port: number,
      options: number,
      cb: (listenSocket: us_listen_socket | false) => void,
    ): TemplatedApp;
  }
}

export type UwsModule = typeof Uws;

/**
 * An app binds to the event loop of the thread that makes it; a thread must close its apps before it ends, or Node
 * aborts the process (RELIABILITY §1).
 */
export function loadUws(): UwsModule {
  const major = Number.parseInt(process.versions.node, 10);
  const name = major >= NEXT_FROM_NODE_MAJOR ? 'uWebSockets.js-next' : 'uWebSockets.js';
  return createRequire(import.meta.url)(name) as UwsModule;
}
