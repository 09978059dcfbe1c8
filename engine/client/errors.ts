// What the client throws: one class for each thing a caller may want to tell apart.

/** All errors of the client are of this class. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
}

/** No connection, and no further attempt: `reconnect: false`, or its attempts are used up. */
export class ConnectionError extends ClientError {
  override readonly name: string = 'ConnectionError';
  /** Of the WebSocket; 1006 where there was no close frame. */
  readonly closeCode: number;

  constructor(message: string, closeCode: number) {
    super(message);
    this.closeCode = closeCode;
  }
}

/** The engine refuses the token (401), or this token or page has no right to read (403). Never tried again. */
export class AuthorizationError extends ClientError {
  override readonly name: string = 'AuthorizationError';
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** The engine refuses one subscription; `category` as in docs/stream.md: `unknown-market`, `range`, `shape`. */
export class SubscriptionError extends ClientError {
  override readonly name: string = 'SubscriptionError';
  readonly channel: string;
  readonly category: string;

  constructor(channel: string, category: string, message: string) {
    super(`${channel}: ${message}`);
    this.channel = channel;
    this.category = category;
  }
}

/** An HTTP answer other than 200, or none at all (`status` 0, `category` `unreachable`). */
export class RequestError extends ClientError {
  override readonly name: string = 'RequestError';
  readonly status: number;
  readonly category: string;

  constructor(path: string, status: number, category: string, message: string) {
    super(`${path}: ${message}`);
    this.status = status;
    this.category = category;
  }
}
