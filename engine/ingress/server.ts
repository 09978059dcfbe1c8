// The ingest port: one uWebSockets.js app whose sockets are sessions.

import type { HttpResponse, TemplatedApp, us_listen_socket, WebSocket } from 'uWebSockets.js';
import { PAYLOAD_BYTES_HARD_MAX } from '../../schemas/config.ts';
import { ingressCounter } from '../../schemas/counters.ts';
import type { Dialect } from '../../schemas/ids.ts';
import { type AccessPlan, Gate, type Refusal } from '../base/access.ts';
import { isDialect } from '../decode/registry.ts';
import type { DecoderFactory } from '../decode/sink.ts';
import type { MarketDirectory } from '../route/markets.ts';
import { createApp } from '../uws/app.ts';
import { factsOf } from '../uws/facts.ts';
import { refusesHandshake } from '../uws/handshake.ts';
import { listenFailure } from '../uws/listen-failure.ts';
import { LISTEN_EXCLUSIVE, loadUws } from '../uws/load.ts';
import { type Headers, headersOf, writeHeaders } from '../uws/security-headers.ts';
import { Burst } from './burst.ts';
import { Connections } from './connections.ts';
import type { FrameWriter } from './frame-writer.ts';
import { type IngestLimits, ProducerLimits } from './limits.ts';
import type { ProducerSession, ProducerSocket } from './producer-session.ts';
import { Producers } from './producers.ts';
import { Session } from './session.ts';

export type ConnectionReport = {
  id: number;
  dialect: string;
  producer: string | null;
  frames: number;
  openedAt: string;
};

/** What upgrade() attaches; uWebSockets.js makes these properties of the socket object itself, which spares a native call. */
type Connection = {
  id: number;
  dialect: Dialect;
  producer: string | null;
  openedAt: string;
  session: Session | null;
  /** What its producer's session speaks to, where it has a name. */
  named: ProducerSocket | null;
};

export type IngressServerOptions = {
  readonly host: string;
  readonly port: number;
  readonly marketsMax: number;
  readonly decoders: Partial<Record<Dialect, DecoderFactory>>;
  readonly access: AccessPlan;
  /** Without them nothing is limited. */
  readonly limits?: IngestLimits | undefined;
  /** In place of a port of its own: the simulation's has no sockets. */
  readonly app?: TemplatedApp;
  /** Those of the thread: feeds count theirs there, and a journal may have left some. */
  readonly connections?: Connections;
};

/** Close codes for a server that goes away, and for what it will not have (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001;
const POLICY = 1008;
const IDLE_TIMEOUT_S = 120;
/** Of what a client wrote, in the answer to it. */
const SHOWN_CHARACTERS = 80;

export class IngressServer {
  private readonly app: TemplatedApp;
  private readonly gate: Gate;
  private readonly headers: Headers;
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
  private readonly connections: Connections;
  private readonly producers: Producers;
  private readonly limits: ProducerLimits<Connection> | null;
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
    const { marketsMax, decoders } = options;
    this.connections = options.connections ?? new Connections(writer, marketsMax);
    const flush = (): void => this.burst.flush();
    this.producers = new Producers({ writer, markets, marketsMax, connections: this.connections, decoders, flush });
    this.gate = new Gate(options.access);
    this.headers = headersOf(options.access);
    this.limits = options.limits === undefined ? null : new ProducerLimits(options.limits, writer.counters);
    this.app = options.app ?? createApp(options.access.tls);
    this.route();
  }

  private route(): void {
    this.limits?.attach(this.app);
    this.app.ws<Connection>('/ingest/:dialect', {
      maxPayloadLength: PAYLOAD_BYTES_HARD_MAX,
      idleTimeout: IDLE_TIMEOUT_S,
      upgrade: (res, req, context) => {
        const facts = factsOf(req);
        const refusal = this.gate.refusal(facts, 'ingest');
        if (refusal !== null) return this.refuse(res, refusal);
        if (refusesHandshake(res, req, this.headers)) return;
        const dialect = req.getParameter(0) ?? '';
        if (!isDialect(dialect) || this.options.decoders[dialect] === undefined) {
          const was = JSON.stringify(dialect.slice(0, SHOWN_CHARACTERS));
          return this.answer(res, '404 Not Found', 'shape', `expected a known dialect, was ${was}`);
        }
        const full = this.limits?.refusal(res) ?? null;
        if (full !== null) return this.answer(res, '503 Service Unavailable', full.name, full.message);
        const producer = new URLSearchParams(req.getQuery()).get('producer');
        const unnamed = producer === null ? null : this.producers.refusal(producer, dialect);
        if (unnamed !== null) return this.answer(res, unnamed.status, unnamed.category, unnamed.message);
        const connection: Connection = {
          id: this.nextId++,
          dialect,
          producer,
          openedAt: new Date().toISOString(),
          session: null,
          named: null,
        };
        res.upgrade(
          connection,
          req.getHeader('sec-websocket-key'),
          hasProtocol(facts.protocols) ? 'millrace' : '',
          req.getHeader('sec-websocket-extensions'),
          context,
        );
      },
      open: (socket) => this.open(socket),
      message: (socket, message) => this.message(socket, message),
      ping: (socket) => this.limits?.control(socket, true),
      pong: (socket) => this.limits?.control(socket, false),
      close: (socket) => this.closed(socket),
    });
    this.app.head('/*', (res) => {
      res.cork(() => {
        res.writeStatus('404 Not Found');
        writeHeaders(res, this.headers);
        res.endWithoutBody();
      });
    });
    this.app.any('/*', (res) => {
      this.answer(res, '404 Not Found', 'shape', 'expected a WebSocket on /ingest/DIALECT');
    });
  }

  private refuse(res: HttpResponse, { status, cause, message }: Refusal): void {
    this.writer.counters[ingressCounter[cause]]++;
    this.answer(res, status === 401 ? '401 Unauthorized' : '403 Forbidden', 'unauthorized', message);
  }

  private answer(res: HttpResponse, status: string, category: string, message: string): void {
    res.cork(() => {
      res.writeStatus(status).writeHeader('content-type', 'application/json; charset=utf-8');
      if (status.startsWith('401')) res.writeHeader('www-authenticate', 'Bearer');
      writeHeaders(res, this.headers);
      res.end(errorBody(category, message));
    });
  }

  private open(socket: WebSocket<Connection>): void {
    const connection = socket.getUserData();
    this.sockets.set(connection.id, socket);
    this.writer.counters[ingressCounter.connectionsOpened]++;
    const session = connection.producer === null ? this.begin(socket) : this.resume(socket, connection.producer);
    connection.session = session;
    this.limits?.opened(socket, () => session?.frames ?? 0);
    if (session === null) socket.end(POLICY, 'expected the dialect of this producer, and room for one more');
  }

  private begin(socket: WebSocket<Connection>): Session {
    const { id, dialect } = socket.getUserData();
    const factory = this.options.decoders[dialect];
    if (factory === undefined) throw new Error(`expected a decoder for ${dialect}`);
    const answer = (category: string, message: string, count: number): void => {
      // A frame may be decoded after its socket has closed: then there is no one to tell.
      if (this.sockets.has(id)) socket.send(JSON.stringify({ op: 'error', category, message, count }));
    };
    const { writer, markets } = this;
    return this.connections.begin(
      { dialect, source: 'pushed', producer: null, address: null },
      () => new Session(dialect, factory, writer, markets, this.options.marketsMax, answer),
    );
  }

  /** The producer's session goes on with this socket. */
  private resume(socket: WebSocket<Connection>, producer: string): ProducerSession | null {
    const connection = socket.getUserData();
    connection.named = {
      send: (text) => {
        if (this.sockets.has(connection.id)) socket.send(text);
      },
      end: (code, reason) => {
        // Nothing more of it is taken, though more may have come already.
        connection.session = null;
        this.lastSocket = null;
        this.lastSession = null;
        if (this.sockets.has(connection.id)) socket.end(code, reason);
      },
    };
    return this.producers.open(producer, connection.dialect, connection.named);
  }

  /** The hot handler: the buffer is valid only until it returns. One commit per burst of the event loop at the latest. */
  private message(socket: WebSocket<Connection>, message: ArrayBuffer): void {
    const session = socket === this.lastSocket ? this.lastSession : this.turnTo(socket);
    if (session === null) return;
    if (this.limits?.isRated === true && !this.limits.takes(socket, message.byteLength)) return;
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
    this.limits?.closed(socket);
    this.burst.flush();
    this.leave(connection);
    connection.session = null;
    this.writer.counters[ingressCounter.connectionsClosed]++;
  }

  private leave({ session, producer, named }: Connection): void {
    if (producer === null && session !== null) this.connections.end(session.connection);
    // A connection that was replaced or cut has let its session go already.
    if (named !== null) this.producers.closed(producer ?? '', named);
  }

  /** Opens the port. Rejects with a UsageError where it is taken. */
  listen(): Promise<number> {
    const { host, port } = this.options;
    const { us_socket_local_port } = loadUws();
    return new Promise((resolve, reject) => {
      this.app.listen(host, port, LISTEN_EXCLUSIVE, (listening) => {
        if (listening === false) {
          void listenFailure('ingest port', host, port, '--ingest-port').then(reject);
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
    this.limits?.close();
    this.burst.flush();
    this.producers.stop();
    for (const socket of open) socket.end(GOING_AWAY, 'shutting down');
    this.app.close();
    return open.length;
  }
}

/** A client that offers subprotocols, as browsers must to present a token, is answered with the one that is ours. */
function hasProtocol(protocols: string): boolean {
  return protocols.split(',').some((protocol) => protocol.trim() === 'millrace');
}

function errorBody(category: string, message: string): string {
  return JSON.stringify({ error: { category, message } });
}
