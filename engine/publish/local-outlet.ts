// Hands what topics publish to the sockets, and to listeners inside the process. Hot path on main: once per message.

import { type LocalSocket, parsed } from './local-socket.ts';
import type { Outlet } from './topics.ts';

/**
 * Listeners get the very message that sockets get: what they are shown is parsed from its JSON text, once for all of them. A
 * message nobody inside the process listens to costs one look into an empty map.
 */
export class LocalOutlet implements Outlet {
  private readonly sockets: Outlet;
  /** By name of the topic, as in uWebSockets.js. */
  private readonly joined = new Map<string, Set<LocalSocket>>();

  constructor(sockets: Outlet) {
    this.sockets = sockets;
  }

  publish(topic: string, bytes: Uint8Array, isBinary: boolean, isCompressed = false): boolean {
    if (this.joined.size > 0) this.publishInside(topic, bytes);
    return this.sockets.publish(topic, bytes, isBinary, isCompressed);
  }

  private publishInside(topic: string, bytes: Uint8Array): void {
    const sockets = this.joined.get(topic);
    if (sockets === undefined) return;
    const message = parsed(bytes);
    for (const socket of sockets) socket.take(message);
  }

  join(topic: string, socket: LocalSocket): void {
    const sockets = this.joined.get(topic);
    if (sockets === undefined) this.joined.set(topic, new Set([socket]));
    else sockets.add(socket);
  }

  leave(topic: string, socket: LocalSocket): void {
    const sockets = this.joined.get(topic);
    if (sockets?.delete(socket) && sockets.size === 0) this.joined.delete(topic);
  }
}
