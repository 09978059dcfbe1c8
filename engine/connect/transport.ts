// What the connectors need of sockets and HTTP, and the words for how these fail. No sockets here: tests bring their own.

/** Why a connection or a request came to nothing. */
export const FAILURE_KINDS = [
  'refused',
  'dns',
  'tls',
  'proxy',
  'handshake',
  'timeout',
  'reset',
  'too-large',
  'protocol',
  'closed',
  'aborted',
  'other',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

export type Failure = {
  readonly kind: FailureKind;
  readonly message: string;
  /** HTTP status of a refused handshake or of a proxy, else null. */
  readonly status: number | null;
};

/** The error of a request without an answer. */
export class TransportError extends Error {
  override name = 'TransportError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(`${failure.kind}: ${failure.message}`);
    this.failure = failure;
  }
}

const KIND_OF_CODE: Readonly<Record<string, FailureKind>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  ENETUNREACH: 'refused',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  EPROTO: 'tls',
  CERT_HAS_EXPIRED: 'tls',
  CERT_NOT_YET_VALID: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  UNABLE_TO_GET_ISSUER_CERT: 'tls',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
  CERT_SIGNATURE_FAILURE: 'tls',
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 'too-large',
};

function kindOf(code: string, message: string): FailureKind {
  const known = KIND_OF_CODE[code];
  if (known !== undefined) return known;
  if (/^(ERR_TLS|ERR_SSL|CERT_)/.test(code)) return 'tls';
  if (code.startsWith('WS_ERR') || code.startsWith('HPE_')) return 'protocol';
  if (/timed out/i.test(message)) return 'timeout';
  return /hang up|closed before/i.test(message) ? 'reset' : 'other';
}

/** Puts any error of Node or of `ws` into these words. */
export function failureOf(error: unknown): Failure {
  if (error instanceof TransportError) return error.failure;
  if (!(error instanceof Error)) return { kind: 'other', message: String(error), status: null };
  // Several addresses of one host were tried: the first error stands for all.
  const inner = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
  return { kind: kindOf(code, inner.message), message: inner.message || code, status: null };
}

export type SocketOptions = {
  /** Whole address: `wss://host/path?query`. */
  readonly url: string;
  readonly payloadBytesMax: number;
  readonly handshakeTimeoutMs: number;
};

/** What a socket tells. `closed` comes exactly once and last, also where it never opened. */
export interface SocketEvents {
  opened(): void;
  /** `bytes` is the whole message, the receiver's to keep. */
  message(bytes: Buffer, isBinary: boolean): void;
  ping(): void;
  pong(): void;
  /** `failure` is null for a close that the socket's user began or that both sides agreed to. */
  closed(code: number, reason: string, failure: Failure | null): void;
}

export interface FeedSocket {
  /** After it is open; nothing happens on one that closes. */
  send(text: string): void;
  ping(): void;
  /** Says goodbye and waits for the answer. */
  close(code: number, reason: string): void;
  /** Cuts it at once; `closed` follows. */
  terminate(): void;
}

export type RestCall = {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly body: string | null;
  readonly timeoutMs: number;
  readonly bodyBytesMax: number;
  readonly signal: AbortSignal;
};

export type RestAnswer = {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export interface Transport {
  open(options: SocketOptions, events: SocketEvents): FeedSocket;
  /** Rejects with a TransportError where no whole answer comes. */
  request(call: RestCall): Promise<RestAnswer>;
  /** Lets go of idle sockets that are kept for later requests. */
  close(): void;
}
