// A port without a network: the routes, topics and sockets of uWebSockets.js, as far as the engine's two ports use them.

import type { TemplatedApp } from 'uWebSockets.js';

type Handlers = {
  upgrade: (response: object, request: object, context: null) => void;
  open?: (socket: MemorySocket) => void;
  message?: (socket: MemorySocket, message: ArrayBuffer, isBinary: boolean) => void;
  dropped?: (socket: MemorySocket, message: ArrayBuffer, isBinary: boolean) => void;
  close?: (socket: MemorySocket, code: number, message: ArrayBuffer) => void;
  pong?: (socket: MemorySocket, message: ArrayBuffer) => void;
  maxBackpressure?: number;
};

/** What the system takes from a process before its buffer grows. */
const KERNEL_BYTES = 16 * 1024;
const SENT = 1;
const DROPPED = 2;
const HEADERS: ReadonlyMap<string, string> = new Map([
  ['host', 'localhost'],
  ['upgrade', 'websocket'],
  ['sec-websocket-version', '13'],
]);

/** As in uWebSockets.js, what upgrade() was given lies on the socket itself. */
export class MemorySocket {
  /** Messages that the client has not read, oldest first. */
  readonly unread: string[] = [];
  readonly joined = new Set<string>();
  /** Set once the connection has ended, by either side. */
  closeCode: number | null = null;
  readonly handlers: Handlers;
  private bytes = 0;
  private readonly app: MemoryApp;

  constructor(app: MemoryApp, handlers: Handlers, data: object) {
    this.app = app;
    this.handlers = handlers;
    Object.assign(this, data);
  }

  getUserData(): this {
    this.mustBeOpen();
    return this;
  }

  getBufferedAmount(): number {
    this.mustBeOpen();
    return Math.max(0, this.bytes - KERNEL_BYTES);
  }

  getRemoteAddressAsText(): ArrayBuffer {
    return arrayBuffer('127.0.0.1');
  }

  /** uWebSockets.js throws where a socket is touched that is closed. */
  private mustBeOpen(): void {
    if (this.closeCode !== null) throw new Error('expected an open socket, was closed');
  }

  send(message: string | Uint8Array | ArrayBuffer, _isBinary = false): number {
    this.mustBeOpen();
    const text = typeof message === 'string' ? message : Buffer.from(message as Uint8Array).toString('utf8');
    if (this.getBufferedAmount() + text.length > (this.handlers.maxBackpressure ?? Number.POSITIVE_INFINITY)) {
      this.handlers.dropped?.(this, new ArrayBuffer(0), false);
      return DROPPED;
    }
    this.unread.push(text);
    this.bytes += text.length;
    return SENT;
  }

  ping(): number {
    this.mustBeOpen();
    return SENT;
  }

  cork(run: () => void): this {
    this.mustBeOpen();
    run();
    return this;
  }

  subscribe(topic: string): boolean {
    this.mustBeOpen();
    this.joined.add(topic);
    return true;
  }

  unsubscribe(topic: string): boolean {
    this.mustBeOpen();
    return this.joined.delete(topic);
  }

  isSubscribed(topic: string): boolean {
    return this.joined.has(topic);
  }

  /** The server closes. What is unread may still be read. */
  end(code = 1000, _reason = ''): void {
    this.mustBeOpen();
    this.finish(code);
  }

  close(): void {
    this.mustBeOpen();
    this.finish(1006);
  }

  /** The connection is over: the server is told as after any close. */
  finish(code: number): void {
    if (this.closeCode !== null) return;
    this.app.sockets.delete(this);
    this.handlers.close?.(this, code, new ArrayBuffer(0));
    this.closeCode = code;
  }

  /** A text of the client. */
  receive(text: string): void {
    if (this.closeCode !== null) return;
    const bytes = arrayBuffer(text);
    this.handlers.message?.(this, bytes, false);
    // Valid only until the handler has returned.
    new Uint8Array(bytes).fill(0);
  }

  /** The client takes its oldest message; undefined where there is none. */
  read(): string | undefined {
    const text = this.unread.shift();
    if (text !== undefined) this.bytes -= text.length;
    return text;
  }
}

function arrayBuffer(text: string): ArrayBuffer {
  const bytes = new TextEncoder().encode(text);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

/** Stands where the engine expects a TemplatedApp; only WebSocket routes are kept. */
export class MemoryApp {
  readonly sockets = new Set<MemorySocket>();
  private readonly routes = new Map<string, Handlers>();

  /** As the engine takes it. */
  get asApp(): TemplatedApp {
    return this as unknown as TemplatedApp;
  }

  ws(path: string, handlers: Handlers): this {
    this.routes.set(path, handlers);
    return this;
  }

  get(): this {
    return this;
  }

  head(): this {
    return this;
  }

  any(): this {
    return this;
  }

  filter(): this {
    return this;
  }

  options(): this {
    return this;
  }

  close(): this {
    return this;
  }

  publish(topic: string, message: Uint8Array, isBinary: boolean): boolean {
    let isSent = false;
    for (const socket of [...this.sockets]) {
      if (!socket.joined.has(topic)) continue;
      socket.send(message, isBinary);
      isSent = true;
    }
    return isSent;
  }

  numSubscribers(topic: string): number {
    return [...this.sockets].filter(({ joined }) => joined.has(topic)).length;
  }

  /** A client connects; null where the server refused it. */
  connect(path: string, parameter: string, query: string): MemorySocket | null {
    const handlers = this.routes.get(path);
    if (handlers === undefined) throw new Error(`memory app: expected a route ${path}`);
    let given: object | null = null;
    const response = responseOf((data) => {
      given = data;
    });
    handlers.upgrade(response, requestOf(path, parameter, query), null);
    if (given === null) return null;
    const socket = new MemorySocket(this, handlers, given);
    this.sockets.add(socket);
    handlers.open?.(socket);
    return socket;
  }
}

function requestOf(path: string, parameter: string, query: string): object {
  return {
    getHeader: (name: string): string => HEADERS.get(name) ?? '',
    forEach: (take: (name: string, value: string) => void): void => {
      for (const [name, value] of HEADERS) take(name, value);
    },
    getParameter: (): string => parameter,
    getQuery: (name?: string): string | undefined =>
      name === undefined ? query : (new URLSearchParams(query).get(name) ?? undefined),
    getUrl: (): string => path,
    getMethod: (): string => 'get',
  };
}

function responseOf(upgraded: (data: object) => void): object {
  const response = {
    upgrade: upgraded,
    writeStatus: (): object => response,
    writeHeader: (): object => response,
    end: (): object => response,
    close: (): object => response,
    onAborted: (): object => response,
    cork: (run: () => void): object => {
      run();
      return response;
    },
    getRemoteAddressAsText: (): ArrayBuffer => arrayBuffer('127.0.0.1'),
  };
  return response;
}
