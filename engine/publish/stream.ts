// `/stream`: the WebSocket side of the public port. Requests and replies are JSON text; data goes out through topics.

import type { HttpRequest, HttpResponse, TemplatedApp, us_socket_context_t } from 'uWebSockets.js';
import { CLOSE_SLOW, SUBSCRIBER_BACKPRESSURE_BYTES_MAX } from '../../schemas/config.ts';
import { encodingOf } from './encodings.ts';
import { endWithError } from './http.ts';
import { type SocketData, type StreamSocket, Subscriber } from './subscriber.ts';
import type { ResumeItem, Subscriptions } from './subscriptions.ts';

/** Requests are lists of channels: a thousand of the longest fit. uWebSockets.js closes the socket above it. */
const REQUEST_BYTES_MAX = 64 * 1024;
/** uWebSockets.js pings well before it; a subscriber that is gone or never reads is cut after it. */
const IDLE_TIMEOUT_S = 60;
/**
 * Hard limit of uWebSockets.js, above which it leaves messages out. Our own cap lies far below and does not count big
 * snapshots; the room between holds the largest of them (262,144 levels are under 24 MiB) and lets the close frame,
 * with its code, through to a subscriber that was cut.
 */
const HARD_BUFFER_BYTES_MAX = 64 * 1024 * 1024;
const GOING_AWAY = 1001;

export type StreamOptions = {
  readonly subscriptions: Subscriptions;
  readonly isAuthorized: (header: string, protocols: string) => boolean;
  /** Changes with each start of the engine; a resume from before another start is refused. */
  readonly engineId: string;
  readonly isStopping: () => boolean;
  readonly log: (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;
};

type Request = { readonly [field: string]: unknown };

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The request's object, or null where it is none. */
function parseRequest(message: ArrayBuffer): Request | null {
  try {
    const value: unknown = JSON.parse(decoder.decode(message));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Request) : null;
  } catch {
    return null;
  }
}

function isResumeItem(item: unknown): item is ResumeItem {
  if (typeof item !== 'object' || item === null) return false;
  const { channel, seq } = item as Record<string, unknown>;
  return typeof channel === 'string' && Number.isSafeInteger(seq);
}

export class StreamServer {
  /** Subscribers closed for reading too slowly. */
  slowClosed = 0;
  /** Messages left out at the hard limit; their subscribers are closed. */
  droppedMessages = 0;
  connectionsOpened = 0;
  readonly subscribers = new Set<Subscriber>();
  private readonly options: StreamOptions;

  constructor(options: StreamOptions) {
    this.options = options;
  }

  route(app: TemplatedApp): void {
    app.ws<SocketData>('/stream', {
      maxPayloadLength: REQUEST_BYTES_MAX,
      maxBackpressure: HARD_BUFFER_BYTES_MAX,
      idleTimeout: IDLE_TIMEOUT_S,
      sendPingsAutomatically: true,
      upgrade: (res, req, context) => this.upgrade(res, req, context),
      open: (socket) => this.opened(socket),
      message: (socket, message) => this.received(socket.getUserData().subscriber, message),
      dropped: (socket) => {
        this.droppedMessages++;
        socket.getUserData().subscriber.droppedMessages++;
      },
      close: (socket) => this.closed(socket.getUserData().subscriber),
    });
  }

  private upgrade(res: HttpResponse, req: HttpRequest, context: us_socket_context_t): void {
    const protocols = req.getHeader('sec-websocket-protocol');
    if (!this.options.isAuthorized(req.getHeader('authorization'), protocols)) {
      endWithError(res, 401, 'unauthorized', 'expected a valid token');
      return;
    }
    if (this.options.isStopping()) {
      endWithError(res, 503, 'stopping', 'expected a running engine, it is stopping');
      return;
    }
    const encoding = encodingOf(new URLSearchParams(req.getQuery()));
    if (encoding === null) {
      const expected = 'expected encoding=json or flatbuffers and numbers=text or float';
      endWithError(res, 400, 'range', expected);
      return;
    }
    const isNamed = protocols.split(',').some((protocol) => protocol.trim() === 'millrace');
    const data: SocketData = { subscriber: new Subscriber(encoding) };
    const key = req.getHeader('sec-websocket-key');
    res.upgrade(data, key, isNamed ? 'millrace' : '', req.getHeader('sec-websocket-extensions'), context);
  }

  private opened(socket: StreamSocket): void {
    const { subscriber } = socket.getUserData();
    subscriber.opened(socket);
    this.subscribers.add(subscriber);
    this.connectionsOpened++;
  }

  private closed(subscriber: Subscriber): void {
    subscriber.closed();
    this.subscribers.delete(subscriber);
    this.options.subscriptions.closed(subscriber);
  }

  private received(subscriber: Subscriber, message: ArrayBuffer): void {
    const request = parseRequest(message);
    if (request === null) {
      subscriber.reply({ op: 'error', category: 'syntax', message: 'expected a JSON object with op' });
      return;
    }
    const id = request['id'] === undefined ? {} : { id: request['id'] };
    const args = request['args'];
    if (request['op'] === 'ping') subscriber.reply({ op: 'pong', ...id });
    else if (!['subscribe', 'unsubscribe', 'resume'].includes(String(request['op']))) {
      const expected = 'expected op subscribe, unsubscribe, resume or ping';
      subscriber.reply({ op: 'error', ...id, category: 'shape', message: expected });
    } else if (!Array.isArray(args)) {
      subscriber.reply({ op: 'error', ...id, category: 'shape', message: 'expected args as a list' });
    } else this.run(subscriber, request, id, args);
  }

  private run(subscriber: Subscriber, request: Request, id: object, args: readonly unknown[]): void {
    const { subscriptions, engineId } = this.options;
    if (request['op'] === 'unsubscribe') {
      subscriber.reply({ op: 'unsubscribed', ...id, ...subscriptions.unsubscribe(subscriber, args) });
      return;
    }
    if (request['op'] === 'subscribe') {
      const { outcome, act } = subscriptions.subscribe(subscriber, args);
      subscriber.reply({ op: 'subscribed', ...id, ...outcome, engine: engineId });
      act();
      return;
    }
    const isSameEngine = request['engine'] === undefined || request['engine'] === engineId;
    const items = args.filter(isResumeItem);
    const malformed = args
      .filter((arg) => !isResumeItem(arg))
      .map((arg) => ({ arg, category: 'shape', message: 'expected {channel, seq}' }));
    const { args: resumed, errors, act } = subscriptions.resume(subscriber, items, isSameEngine);
    subscriber.reply({ op: 'resumed', ...id, args: resumed, errors: errors.concat(malformed), engine: engineId });
    act();
  }

  /** Closes those that read too slowly: nobody is sent a stream with a hole in silence. */
  cutSlow(): void {
    for (const subscriber of this.subscribers) {
      const lagging = subscriber.laggingBytes;
      if (lagging <= SUBSCRIBER_BACKPRESSURE_BYTES_MAX && subscriber.droppedMessages === 0) continue;
      this.slowClosed++;
      this.options.log('warn', 'closed a slow subscriber', { laggingBytes: lagging, closed: this.slowClosed });
      subscriber.end(CLOSE_SLOW, 'slow subscriber');
    }
  }

  get bufferedBytes(): number {
    let bytes = 0;
    for (const subscriber of this.subscribers) bytes += subscriber.bufferedBytes;
    return bytes;
  }

  close(): number {
    const open = [...this.subscribers];
    for (const subscriber of open) subscriber.end(GOING_AWAY, 'the engine is stopping');
    return open.length;
  }
}
