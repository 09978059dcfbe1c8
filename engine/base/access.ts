// Decides whether a request may be answered: its host, its origin, and the token it presents.

import { hostnameOf, isLoopback } from './hosts.ts';
import { type AccessToken, type Role, type TokenCheck, tokenCheck, tokensOf } from './token.ts';

/** PEM files; the passphrase is that of the key. */
export type TlsFiles = { readonly cert: string; readonly key: string; readonly passphrase: string | null };

/** Who may come in, as plain data: it goes to the ingress thread as well. */
export type AccessPlan = {
  /** Address of the ports. */
  readonly host: string;
  /** It is of this machine alone, also where it is a name that resolves to nothing else. */
  readonly isLocal: boolean;
  /** None lets everyone do everything. */
  readonly tokens: readonly AccessToken[];
  /** Origins of pages, beside the engine's own, as `https://market.example`. */
  readonly origins: readonly string[];
  readonly tls: TlsFiles | null;
};

/** One token or none, and nothing else asked. */
export const plainAccess = (host: string, token: string | null): AccessPlan => ({
  host,
  isLocal: isLoopback(host),
  tokens: tokensOf(token),
  origins: [],
  tls: null,
});

/** What is read of a request, '' where a header is not there; of a header given twice both, with a comma. */
export type RequestFacts = {
  readonly authorization: string;
  readonly protocols: string;
  /** Null where there is none: programs that are no browsers send none. */
  readonly origin: string | null;
  readonly host: string;
  readonly query: string;
};

export const REFUSAL_CAUSES = ['unauthorized', 'forbidden', 'origin', 'host'] as const;
export type RefusalCause = (typeof REFUSAL_CAUSES)[number];
export type Refusal = { readonly status: 401 | 403; readonly cause: RefusalCause; readonly message: string };

/** One answer for a token that is missing, empty, wrong, or in the address: it tells nobody how near they were. */
const UNAUTHORIZED: Refusal = { status: 401, cause: 'unauthorized', message: 'expected a valid token' };
const LACKING: Readonly<Record<Role, Refusal>> = {
  ingest: { status: 403, cause: 'forbidden', message: 'expected a token with the role ingest' },
  read: { status: 403, cause: 'forbidden', message: 'expected a token with the role read' },
  admin: { status: 403, cause: 'forbidden', message: 'expected a token with the role admin' },
};
const STRANGE_ORIGIN: Refusal = {
  status: 403,
  cause: 'origin',
  message: "expected the engine's own origin or one of --origin",
};
const STRANGE_HOST: Refusal = {
  status: 403,
  cause: 'host',
  message: 'expected Host to be localhost, --host or a host of --origin',
};

/** Names under which people try a token in an address, where logs and histories keep it. */
const TOKEN_PARAMETERS: ReadonlySet<string> = new Set([
  ...['token', 'access_token', 'accesstoken', 'auth_token', 'authtoken', 'auth', 'authorization', 'bearer'],
  ...['api_key', 'apikey', 'secret', 'password'],
]);

function hasTokenIn(query: string): boolean {
  if (query === '') return false;
  return [...new URLSearchParams(query).keys()].some((name) => TOKEN_PARAMETERS.has(name.toLowerCase()));
}

/** An origin as browsers write it, or null where the text is none. */
export function originOf(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  return url.origin === text.toLowerCase().replace(/\/$/, '') ? url.origin : null;
}

/** True where a page of this origin came from `host` itself: a default port may be written or not. */
function isOwn(origin: string, host: string): boolean {
  const own = `${origin.slice(0, origin.indexOf('://'))}://${host}`;
  return hostnameOf(host) !== null && URL.canParse(own) && new URL(own).origin === origin;
}

export class Gate {
  /** Refusals by cause since the start. */
  readonly refused: Record<RefusalCause, number> = { unauthorized: 0, forbidden: 0, origin: 0, host: 0 };
  private readonly check: TokenCheck;
  private readonly hasTokens: boolean;
  private readonly origins: ReadonlySet<string>;
  /** Null where any host is taken: the engine cannot know by which names a network reaches it. */
  private readonly hosts: ReadonlySet<string> | null;

  constructor(plan: AccessPlan) {
    this.check = tokenCheck(plan.tokens);
    this.hasTokens = plan.tokens.length > 0;
    this.origins = new Set(plan.origins);
    const names = [plan.host, ...plan.origins.map((origin) => new URL(origin).hostname)];
    this.hosts = plan.isLocal ? new Set(names.map((name) => name.toLowerCase())) : null;
  }

  /** Why a request may not be answered, counted; null where it may. */
  refusal(facts: RequestFacts, role: Role): Refusal | null {
    const refusal = this.judge(facts, role);
    if (refusal !== null) this.refused[refusal.cause]++;
    return refusal;
  }

  private judge(facts: RequestFacts, role: Role): Refusal | null {
    if (!this.isHostKnown(facts.host)) return STRANGE_HOST;
    if (facts.origin !== null && !this.isOriginKnown(facts.origin, facts.host)) return STRANGE_ORIGIN;
    const standing = this.check(facts.authorization, facts.protocols, role);
    if (standing === 'unknown' || (this.hasTokens && hasTokenIn(facts.query))) return UNAUTHORIZED;
    return standing === 'lacking' ? LACKING[role] : null;
  }

  /**
   * Where nobody else can reach the ports, only names of this machine: a page elsewhere may point its own name at 127.0.0.1 and so be
   * of one origin with the engine (DNS rebinding), but it cannot make a browser send another `Host`.
   */
  private isHostKnown(header: string): boolean {
    if (this.hosts === null) return true;
    const name = hostnameOf(header);
    return name !== null && (isLoopback(name) || this.hosts.has(name));
  }

  private isOriginKnown(origin: string, host: string): boolean {
    return this.origins.has(origin) || (originOf(origin) !== null && isOwn(origin, host));
  }

  /** The origin that may read an answer across origins, or null: only those of `--origin`, never all. */
  sharedOrigin(origin: string | null): string | null {
    return origin !== null && this.origins.has(origin) ? origin : null;
  }
}
