// The ingest port: one uWebSockets.js app whose sockets are sessions.

import type { TemplatedApp, us_listen_socket, WebSocket } from 'uWebSockets.js';
import { PAYLOAD_BYTES_HARD_MAX } from '../../schemas/config.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { UsageError } from '../base/errors.ts';
import { isDialect } from '../decode/registry.ts';
import type { DecoderFactory } from '../decode/sink.ts';
import type { MarketDirectory } from '../route/markets.ts';
import { LISTEN_EXCLUSIVE, loadUws } from '../uws/load.ts';
import { Burst } from './burst.ts';
import type { FrameWriter } from './frame-writer.ts';
import { Session } from './session.ts';

export type ConnectionReport = {
  id: number;
  dialect: string;
  producer: string | null;
  frames: number;
  openedAt: string;
};

/** What upgrade() attaches; uWebSockets.js makes these properties of the socket object itself, which spares a native call. */
type Connection = { id: number; dialect: Dialect; producer: string | null; openedAt: string; session: Session | null };

export type IngressServerOptions = {
  readonly host: string;
  readonly port: number;
  readonly token: string | null;
  readonly marketsMax: number;
  readonly decoders: Partial<Record<Dialect, DecoderFactory>>;
  readonly isAuthorized: (header: string, protocols: string) => boolean;
};

/** Close code for a server that goes away (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001;
const IDLE_TIMEOUT_S = 120;

export class IngressServer {
  private readonly app: TemplatedApp;
  private readonly options: IngressServerOptions;
  private readonly writer: FrameWriter;
  private readonly markets: MarketDirectory;
  private readonly sockets = new Map<number, WebSocket<Connection>>();
  private listenSocket: us_listen_socket | false = false;
  private nextId = 1;
  private flushScheduled = false;
  /** The socket of the last frame, and its session. */
  private lastSocket: WebSocket<Connection> | null = null;
  private lastSession: Session | null = null;
  private readonly burst: Burst;
  private readonly flush: () => void;

  constructor(options: IngressServerOptions, writer: FrameWriter, markets: MarketDirectory) {
    this.options = options;
    this.writer = writer;
    this.markets = markets;
    this.burst = new Burst(writer);
    this.flush = () => {
      this.flushScheduled = false;
      this.burst.flush();
    };
    this.app = loadUws().App();
    this.route();
  }

  private route(): void {
    this.app.ws<Connection>('/ingest/:dialect', {
      maxPayloadLength: PAYLOAD_BYTES_HARD_MAX,
      idleTimeout: IDLE_TIMEOUT_S,
      upgrade: (res, req, context) => {
        const dialect = decodeURIComponent(req.getParameter(0) ?? '');
        const protocols = req.getHeader('sec-websocket-protocol');
        if (!isDialect(dialect) || this.options.decoders[dialect] === undefined) {
          res
            .writeStatus('404 Not Found')
            .end(errorBody('shape', `expected a known dialect, was ${JSON.stringify(dialect)}`));
          return;
        }
        if (!this.options.isAuthorized(req.getHeader('authorization'), protocols)) {
          this.writer.counters[ingressCounter.unauthorized]++;
          res.writeStatus('401 Unauthorized').end(errorBody('unauthorized', 'expected a valid token'));
          return;
        }
        const producer = new URLSearchParams(req.getQuery()).get('producer');
        const connection: Connection = {
          id: this.nextId++,
          dialect,
          producer,
          openedAt: new Date().toISOString(),
          session: null,
        };
        res.upgrade(
          connection,
          req.getHeader('sec-websocket-key'),
          protocols.startsWith('millrace') ? 'millrace' : '',
          req.getHeader('sec-websocket-extensions'),
          context,
        );
      },
      open: (socket) => this.open(socket),
      message: (socket, message) => this.message(socket, message),
      close: (socket) => this.closed(socket),
    });
    this.app.any('/*', (res) => {
      res.writeStatus('404 Not Found').end(errorBody('shape', 'expected a WebSocket on /ingest/DIALECT'));
    });
  }

  private open(socket: WebSocket<Connection>): void {
    const connection = socket.getUserData();
    const factory = this.options.decoders[connection.dialect];
    if (factory === undefined) throw new Error(`expected a decoder for ${connection.dialect}`);
    connection.session = new Session(
      connection.dialect,
      factory,
      this.writer,
      this.markets,
      this.options.marketsMax,
      (category, message, count) => {
        // A frame may be decoded after its socket has closed: then there is no one to tell.
        if (this.sockets.has(connection.id)) socket.send(JSON.stringify({ op: 'error', category, message, count }));
      },
    );
    this.sockets.set(connection.id, socket);
    this.writer.counters[ingressCounter.connectionsOpened]++;
  }

  /** The hot handler: the buffer is valid only until it returns. One commit per burst of the event loop at the latest. */
  private message(socket: WebSocket<Connection>, message: ArrayBuffer): void {
    const session = socket === this.lastSocket ? this.lastSession : this.turnTo(socket);
    if (session === null) return;
    this.burst.add(session, message);
    if (!this.flushScheduled) {
      this.flushScheduled = true;
      setImmediate(this.flush);
    }
  }

  /** Frames come in bursts of one socket; its properties are a dictionary, and to look into it costs 20 ns. */
  private turnTo(socket: WebSocket<Connection>): Session | null {
    this.lastSocket = socket;
    this.lastSession = (socket as WebSocket<Connection> & Connection).session;
    return this.lastSession;
  }

  private closed(socket: WebSocket<Connection>): void {
    this.lastSocket = null;
    this.lastSession = null;
    const connection = socket.getUserData();
    this.sockets.delete(connection.id);
    this.burst.flush();
    connection.session?.takeCounts();
    connection.session = null;
    this.writer.counters[ingressCounter.connectionsClosed]++;
  }

  /** Opens the port. Rejects with a UsageError where it is taken. */
  listen(): Promise<number> {
    const { host, port } = this.options;
    const { us_socket_local_port } = loadUws();
    return new Promise((resolve, reject) => {
      this.app.listen(host, port, LISTEN_EXCLUSIVE, (listening) => {
        if (listening === false) {
          reject(new UsageError(`ingest port ${port} on ${host}: expected a free port, was in use (--ingest-port)`));
          return;
        }
        this.listenSocket = listening;
        resolve(us_socket_local_port(listening));
      });
    });
  }

  reports(): ConnectionReport[] {
    return [...this.sockets.values()].map((socket) => {
      const { id, dialect, producer, openedAt, session } = socket.getUserData();
      return { id, dialect, producer, openedAt, frames: session?.frames ?? 0 };
    });
  }

  /** Answers what waits for its second, and takes over what decoders count themselves. */
  eachSecond(): void {
    for (const socket of this.sockets.values()) {
      const { session } = socket.getUserData();
      session?.flushAnswers();
      session?.takeCounts();
    }
  }

  /** Frames that wait for the end of their burst are decoded now, before anything else is written. */
  decodeWaiting(): void {
    this.burst.decode();
  }

  /** No new sockets. */
  stopAccepting(): void {
    if (this.listenSocket === false) return;
    loadUws().us_listen_socket_close(this.listenSocket);
    this.listenSocket = false;
  }

  /** Closes every socket and the app; returns how many sockets there were. Must run before the thread ends. */
  close(): number {
    const open = [...this.sockets.values()];
    this.burst.flush();
    for (const socket of open) socket.end(GOING_AWAY, 'shutting down');
    this.app.close();
    return open.length;
  }
}

function errorBody(category: string, message: string): string {
  return JSON.stringify({ error: { category, message } });
}
