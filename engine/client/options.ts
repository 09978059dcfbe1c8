// The options of createClient and of its subscriptions: types, defaults, and one clear sentence where one is wrong.

import {
  CLIENT_FIRST_ATTEMPTS_MAX,
  CLIENT_IDLE_MS,
  CLIENT_QUEUE_MAX,
  CLIENT_RECONNECT_MS,
  CLIENT_RECONNECT_MS_MAX,
  DEFAULT_HOST,
  DEFAULT_PORT,
} from '../../schemas/config.ts';
import type { SubscriptionOptions } from '../../schemas/feed.ts';
import type { WebSocketConstructor } from './socket.ts';

export type ReconnectOptions = {
  /** First wait, ms; 250. */
  readonly delayMs?: number;
  /** Longest wait, ms; 10,000. */
  readonly delayMaxMs?: number;
  /** Each wait is so many times the one before; 2. */
  readonly factor?: number;
  /** Share of a wait drawn at random and taken off, 0 to 1; 0.5. A thousand clients then do not come back at once. */
  readonly jitter?: number;
  /** Attempts in a row after a connection was lost; without limit. */
  readonly attemptsMax?: number;
  /** Attempts before there ever was a connection; 8, about half a minute. */
  readonly firstAttemptsMax?: number;
};

export type ClientOptions = {
  /** `ws://HOST:PORT`, or wss, http, https; a path before the engine's own is kept. `ws://127.0.0.1:9002`; in a page its own host. */
  readonly url?: string;
  readonly token?: string;
  /** The client reads JSON; programs that want FlatBuffers read the stream themselves (docs/client.md). */
  readonly encoding?: 'json';
  /** Numbers stay decimal text: floats cannot be verified. */
  readonly numbers?: 'text';
  /** false: the first lost connection ends all loops with a ConnectionError. */
  readonly reconnect?: ReconnectOptions | false;
  /** A connection that is silent for so long is taken for dead, ms; 10,000. */
  readonly idleTimeoutMs?: number;
  /** Messages kept for a loop that is slower than its channel; 10,000. */
  readonly queueMax?: number;
  /** In place of the global one. */
  readonly WebSocket?: WebSocketConstructor;
  /** In place of the global one. */
  readonly fetch?: typeof fetch;
};

/** Of one subscription, beside what the engine is asked for. */
export type QueueOptions = {
  /** In place of the client's own. */
  readonly queueMax?: number;
};
export type IntervalOptions = QueueOptions & Pick<SubscriptionOptions, 'interval'>;
export type BookOptions = SubscriptionOptions;
export type ChannelOptions = QueueOptions & SubscriptionOptions;

export type ReconnectSettings = Required<ReconnectOptions>;

export type ClientSettings = {
  /** `ws://HOST:PORT/stream` */
  readonly streamUrl: string;
  /** `http://HOST:PORT`, without a slash at the end. */
  readonly httpUrl: string;
  readonly token: string | null;
  readonly reconnect: ReconnectSettings | null;
  readonly idleTimeoutMs: number;
  readonly queueMax: number;
};

const USUAL_URL = `ws://${DEFAULT_HOST}:${DEFAULT_PORT}`;
const MS_MAX = 86_400_000;

/** @throws RangeError with the option, what is expected and what was found. */
function number(name: string, value: number | undefined, usual: number, min: number, max: number): number {
  if (value === undefined) return usual;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new RangeError(`createClient: ${name}: expected ${min} to ${max}, was ${String(value)}`);
}

/** A count: whole, or without limit. */
function count(name: string, value: number | undefined, usual: number): number {
  const whole = number(name, value, usual, 1, Number.POSITIVE_INFINITY);
  if (Number.isInteger(whole) || whole === Number.POSITIVE_INFINITY) return whole;
  throw new RangeError(`createClient: ${name}: expected a whole number, was ${whole}`);
}

export function queueMaxOf(value: number | undefined, usual: number): number {
  return count('queueMax', value, usual);
}

function reconnectOf(options: ReconnectOptions | false | undefined): ReconnectSettings | null {
  if (options === false) return null;
  const { delayMs, delayMaxMs, factor, jitter, attemptsMax, firstAttemptsMax } = options ?? {};
  const first = number('reconnect.delayMs', delayMs, CLIENT_RECONNECT_MS, 0, MS_MAX);
  return {
    delayMs: first,
    delayMaxMs: number('reconnect.delayMaxMs', delayMaxMs, Math.max(first, CLIENT_RECONNECT_MS_MAX), first, MS_MAX),
    factor: number('reconnect.factor', factor, 2, 1, 100),
    jitter: number('reconnect.jitter', jitter, 0.5, 0, 1),
    attemptsMax: count('reconnect.attemptsMax', attemptsMax, Number.POSITIVE_INFINITY),
    firstAttemptsMax: count('reconnect.firstAttemptsMax', firstAttemptsMax, CLIENT_FIRST_ATTEMPTS_MAX),
  };
}

/** The addresses of the stream and of HTTP. A token in an address is refused: addresses stand in logs. */
function addressesOf(text: string): { streamUrl: string; httpUrl: string } {
  const url = URL.canParse(text) ? new URL(text) : null;
  const [, kind, isSecure] = /^(ws|http)(s?):$/.exec(url?.protocol ?? '') ?? [];
  if (url === null || kind === undefined || url.search !== '' || url.username !== '' || url.password !== '') {
    // What may be secret is left out: the part before @, and the query.
    const was = JSON.stringify(text.replace(/^([a-z]+:\/\/)?.*@/s, '$1').replace(/\?.*/s, ''));
    const expected = 'expected ws://HOST:PORT (or wss, http, https) without user, password or query';
    throw new RangeError(`createClient: url: ${expected}, was ${was}`);
  }
  const rest = `${isSecure}://${url.host}${url.pathname.replace(/\/(stream\/?)?$/, '')}`;
  return { streamUrl: `ws${rest}/stream`, httpUrl: `http${rest}` };
}

function exactly(name: string, value: string | undefined, only: string): void {
  if (value !== undefined && value !== only) {
    throw new RangeError(`createClient: ${name}: expected '${only}', was ${JSON.stringify(value)}`);
  }
}

/** A line end is what a file of a token has and no header may; it is named, the token is not. */
function tokenOf(token: string | undefined): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for.
  if (token === undefined || !/[\x00-\x1f\x7f]/.test(token)) return token ?? null;
  throw new RangeError('createClient: token: expected text without line ends, was one with a line end or the like');
}

/** @throws RangeError where an option is wrong. */
export function settingsOf(options: ClientOptions, pageUrl: string | undefined): ClientSettings {
  exactly('encoding', options.encoding, 'json');
  exactly('numbers', options.numbers, 'text');
  return {
    ...addressesOf(options.url ?? pageUrl ?? USUAL_URL),
    token: tokenOf(options.token),
    reconnect: reconnectOf(options.reconnect),
    idleTimeoutMs: number('idleTimeoutMs', options.idleTimeoutMs, CLIENT_IDLE_MS, 10, MS_MAX),
    queueMax: queueMaxOf(options.queueMax, CLIENT_QUEUE_MAX),
  };
}
