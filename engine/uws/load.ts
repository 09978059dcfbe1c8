// Loads the uWebSockets.js build that carries binaries for the running Node: the only place that names the packages.

import type * as Uws from 'uWebSockets.js';
import { createRequire } from 'node:module';
import { UsageError } from '../base/errors.ts';

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

/** What its binaries for Node 24 and later ask for. */
const NEXT_GLIBC = '2.38';

/** The running C library; undefined where it is not glibc. */
function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime;
}

/** One sentence in place of the loader's page: which Node, what it needs, what there is. */
function refusal(error: unknown): UsageError {
  const { version, platform, arch } = process;
  const glibc = glibcVersion();
  if (/GLIBC_\d/.test(String(error)) && glibc !== undefined) {
    const what = `expected glibc ${NEXT_GLIBC} or newer (Debian 13, Ubuntu 24.04) for its build of uWebSockets.js`;
    return new UsageError(`Node ${version}: ${what}, was glibc ${glibc}; Node 20 and 22 run here`);
  }
  const where = `${platform}-${arch}${platform === 'linux' && glibc === undefined ? ' without glibc' : ''}`;
  const what = 'expected Node 20, 22 or 24 on Linux with glibc, installed by npm under this Node';
  return new UsageError(`uWebSockets.js: ${what}, was no build for Node ${version} on ${where}`);
}

/**
 * An app binds to the event loop of the thread that makes it; a thread must close its apps before it ends, or Node
 * aborts the process (RELIABILITY §1). Throws a UsageError where there is no binary for this Node and system.
 */
export function loadUws(): UwsModule {
  const major = Number.parseInt(process.versions.node, 10);
  const name = major >= NEXT_FROM_NODE_MAJOR ? 'uWebSockets.js-next' : 'uWebSockets.js';
  try {
    return createRequire(import.meta.url)(name) as UwsModule;
  } catch (error) {
    throw refusal(error);
  }
}
