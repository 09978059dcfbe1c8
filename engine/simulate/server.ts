// Owns the port of a simulated venue: WebSocket upgrades, REST requests with weights, the tick of its sessions.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { UsageError } from '../base/errors.ts';
import { type ConnectionCounts, type ConnectionParts, SimConnection } from './connection.ts';
import type { Faults } from './faults.ts';
import { AddressLimits, ConnectionLimits, type Violations } from './limits.ts';
import type { SimAnswer, SimMarket, SimRequest, SimulatedVenue, SimVenueState } from './protocol.ts';
import { WatchedState } from './watched-state.ts';

export type ServerParts = {
  readonly simulated: SimulatedVenue;
  readonly state: SimVenueState;
  readonly faults: Faults;
  readonly violations: Violations;
  /** Windows of limits are shorter by this factor. */
  readonly limitsScale: number;
  readonly tls: { readonly key: string; readonly cert: string } | null;
  readonly onData: ConnectionParts['onData'];
  /** A market as it was some changes ago. */
  readonly asItWas: (symbol: string) => SimMarket | null;
  /** Answers of before the venue's own: addresses under /sim/, recorded answers. Null for none. */
  readonly intercept: (request: SimRequest) => SimAnswer | null;
  readonly onTick: () => void;
};

const TICK_MS = 100;
const BODY_BYTES_MAX = 1024 * 1024;
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
const FLAP_CODE = 1012;
const JSON_TYPE = { 'content-type': 'application/json' };

type Outcome = { readonly answer: SimAnswer; readonly slowMs: number };

const NOT_FOUND: Outcome = { answer: { status: 404, body: '{"error":"not found"}', weight: 0 }, slowMs: 0 };
const BAD_ADDRESS: Outcome = { answer: { status: 400, body: '{"error":"bad address"}', weight: 0 }, slowMs: 0 };

export class SimServer {
  readonly counts: ConnectionCounts = {
    data: 0,
    byLane: new Map(),
    answers: 0,
    messages: 0,
    bytes: 0,
    silenced: 0,
    slow: 0,
    errors: 0,
  };
  readonly sockets = { opened: 0, closed: 0, refused: 0, flapped: 0 };
  readonly requests = new Map<number, number>();
  readonly connections = new Set<SimConnection>();
  private readonly parts: ServerParts;
  private readonly addresses: AddressLimits;
  private readonly server: Server;
  private readonly upgrader: WebSocketServer;
  private readonly streams = new Set<Duplex>();
  private readonly slowAnswers = new Set<NodeJS.Timeout>();
  private ticker: NodeJS.Timeout | null = null;

  constructor(parts: ServerParts) {
    this.parts = parts;
    this.addresses = new AddressLimits(parts.simulated.limits, parts.limitsScale);
    const answer = (request: IncomingMessage, response: ServerResponse): void => this.answer(request, response);
    this.server = parts.tls === null ? createServer(answer) : createTlsServer(parts.tls, answer);
    this.upgrader = new WebSocketServer({
      noServer: true,
      autoPong: false,
      perMessageDeflate: false,
      maxPayload: MESSAGE_BYTES_MAX,
    });
    this.server.on('upgrade', (request, stream, head) => this.upgrade(request, stream, head));
    this.server.on('connection', (stream: Duplex) => {
      this.streams.add(stream);
      stream.once('close', () => this.streams.delete(stream));
    });
  }

  /** Resolves with the port; 0 takes any free one. Rejects with a UsageError where it cannot be had. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.once('error', (error) => {
        reject(new UsageError(`--port ${port}: expected a free port of ${host}, was: ${error.message}`));
      });
      this.server.listen(port, host, () => {
        this.ticker = setInterval(() => this.tick(), TICK_MS);
        resolve((this.server.address() as AddressInfo).port);
      });
    });
  }

  /** Every socket ends at once. */
  async stop(): Promise<void> {
    if (this.ticker !== null) clearInterval(this.ticker);
    for (const timer of this.slowAnswers) clearTimeout(timer);
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    for (const connection of this.connections) connection.destroy();
    for (const stream of this.streams) stream.destroy();
    await closed;
  }

  private tick(): void {
    const nowMs = this.parts.state.nowMs();
    this.parts.faults.tick(TICK_MS);
    this.parts.onTick();
    for (const connection of this.connections) connection.run((session) => session.tick(nowMs));
  }

  private upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const url = urlOf(request);
    const address = request.socket.remoteAddress ?? '';
    stream.on('error', () => stream.destroy());
    const refusal = this.refusalOf(url, address);
    if (refusal !== null || url === null) refuse(stream, refusal ?? '400 Bad Request');
    else this.upgrader.handleUpgrade(request, stream, head, (socket) => this.open(socket, stream, address, url));
  }

  /** The status with which a connection is refused, empty for none at all; null where it may open. */
  private refusalOf(url: URL | null, address: string): string | null {
    const { simulated, faults, violations, state } = this.parts;
    if (url === null || !simulated.isStreamPath(url.pathname)) return '404 Not Found';
    if (this.addresses.isConnectTooMuch(address, state.nowMs())) {
      violations.note('connects', state.nowMs(), `address ${address}`);
      return '429 Too Many Requests';
    }
    // By turns an answer and none.
    if (faults.isRefusing) return this.sockets.refused++ % 2 === 0 ? '503 Service Unavailable' : '';
    return null;
  }

  private open(socket: WebSocket, stream: Duplex, address: string, url: URL): void {
    const { simulated, faults, violations, limitsScale, state, onData } = this.parts;
    this.sockets.opened++;
    socket.once('close', () => this.sockets.closed++);
    if (faults.isFlapping) {
      this.sockets.flapped++;
      socket.on('error', () => undefined);
      socket.close(FLAP_CODE, 'restarting');
      return;
    }
    const connection = new SimConnection({
      number: this.sockets.opened,
      limits: new ConnectionLimits(simulated.limits, limitsScale),
      nowMs: () => state.nowMs(),
      counts: this.counts,
      ...{ address, socket, stream, faults, violations, onData },
    });
    this.connections.add(connection);
    socket.once('close', () => this.connections.delete(connection));
    connection.begin(() => simulated.open(connection, url.pathname, url.searchParams, state));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes > BODY_BYTES_MAX) request.destroy();
      else chunks.push(chunk);
    });
    request.on('error', () => response.destroy());
    request.on('end', () => this.route(request, Buffer.concat(chunks).toString(), response));
  }

  private route(request: IncomingMessage, body: string, response: ServerResponse): void {
    const url = urlOf(request);
    const { answer, slowMs } = url === null ? BAD_ADDRESS : this.outcomeOf(request, url, body);
    if (slowMs === 0) {
      this.finish(response, answer);
      return;
    }
    const timer = setTimeout(() => {
      this.slowAnswers.delete(timer);
      this.finish(response, answer);
    }, slowMs);
    this.slowAnswers.add(timer);
  }

  private outcomeOf(request: IncomingMessage, url: URL, body: string): Outcome {
    const asked = { method: request.method ?? 'GET', path: url.pathname, query: url.searchParams, body };
    try {
      const own = this.parts.intercept(asked);
      return own === null ? this.rest(asked, request.socket.remoteAddress ?? '') : { answer: own, slowMs: 0 };
    } catch (error) {
      this.counts.errors++;
      process.stderr.write(`millrace simulate: request failed: ${error instanceof Error ? error.stack : error}\n`);
      return { answer: { status: 500, body: '{"error":"internal"}', weight: 0 }, slowMs: 0 };
    }
  }

  /** The venue's own answer, unless the address asks too much or a fault strikes. */
  private rest(asked: SimRequest, address: string): Outcome {
    const { simulated, state, faults, violations } = this.parts;
    const watched = new WatchedState(state);
    const answer = simulated.rest(asked, watched);
    if (answer === null) return NOT_FOUND;
    const verdict = this.addresses.ofRequest(address, answer.weight, state.nowMs());
    if (verdict !== null) {
      violations.note(verdict.rule, state.nowMs(), `${asked.path} of ${address}`);
      return { answer: tooMany(verdict.status, verdict.retryAfterS), slowMs: 0 };
    }
    const where = `${asked.path}?${asked.query}`;
    const fault = faults.ofRequest(where, watched.isBookAsked);
    if (fault?.kind === '429') return { answer: tooMany(429, 1), slowMs: 0 };
    const sent = watched.isBookAsked && faults.isStale(where) ? this.stale(asked, answer) : answer;
    return { answer: sent, slowMs: fault?.slowMs ?? 0 };
  }

  private stale(asked: SimRequest, answer: SimAnswer): SimAnswer {
    const { simulated, state, asItWas } = this.parts;
    return simulated.rest(asked, new WatchedState(state, asItWas)) ?? answer;
  }

  private finish(response: ServerResponse, { status, body, headers }: SimAnswer): void {
    this.requests.set(status, (this.requests.get(status) ?? 0) + 1);
    if (response.destroyed) return;
    response.writeHead(status, { ...JSON_TYPE, ...headers });
    response.end(body);
  }
}

function tooMany(status: number, retryAfterS: number): SimAnswer {
  const body = JSON.stringify({ code: -1003, msg: 'Too many requests.' });
  return { status, body, headers: { 'retry-after': String(retryAfterS) }, weight: 0 };
}

function refuse(stream: Duplex, status: string): void {
  if (status === '') stream.destroy();
  else stream.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Null for what is no address. */
function urlOf(request: IncomingMessage): URL | null {
  const text = request.url ?? '/';
  return URL.canParse(text, 'http://venue') ? new URL(text, 'http://venue') : null;
}
