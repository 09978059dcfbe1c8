// What the settings of access mean: secrets from where they stand, origins, TLS files, and who may listen where.

import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFileSync, statSync } from 'node:fs';
import { TOKEN_CHARACTERS_LEAST, TOKEN_CHARACTERS_MAX } from '../schemas/config.ts';
import { type AccessPlan, originOf, type TlsFiles } from './base/access.ts';
import { UsageError } from './base/errors.ts';
import { isLoopback } from './base/hosts.ts';
import { type AccessToken, ROLES, type Role } from './base/token.ts';
import { fileFaultOf } from './settings/file.ts';
import { SettingsError } from './settings/load.ts';

type TokenEntry = {
  readonly role?: Role | undefined;
  readonly roles?: readonly Role[] | undefined;
  readonly secret?: string | undefined;
  readonly secretFile?: string | undefined;
  readonly name?: string | undefined;
};

export type AccessSettings = {
  readonly host: string;
  readonly token: string | null;
  readonly tokenFile: string | null;
  readonly roleToken: readonly string[];
  readonly roleTokenFile: readonly string[];
  readonly tokens: readonly TokenEntry[] | null;
  readonly origin: readonly string[];
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
  readonly tlsPassphraseFile: string | null;
  readonly insecure: boolean;
};

/** How the engine's own synthetic feed comes in: as any producer, by a token of its own and trusting its own certificate. */
export type OwnAccess = { readonly token: string | null; readonly certificate: string | null };

export type Access = { readonly plan: AccessPlan; readonly own: OwnAccess; readonly warnings: readonly string[] };

/** Looks at everything before it is said what is wrong, so that one look tells it all. */
class Looks {
  readonly sentences: string[] = [];

  /** Undefined where it was wrong. */
  take<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.sentences.push(error.message);
      return undefined;
    }
  }
}

type Warnings = string[];

const OTHERS_MAY_READ = 0o004;
const OWN_TOKEN_BYTES = 32;

function textOf(option: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${option} ${path}: expected a readable file, was: ${fileFaultOf(error)}`);
  }
}

/** A file that others may read is no secret; it is said and not refused, because containers mount their secrets so. */
function warnOfReaders(option: string, path: string, warnings: Warnings): void {
  if ((statSync(path).mode & OTHERS_MAY_READ) !== 0)
    warnings.push(`${option} ${path}: everyone on this machine may read it (chmod 600)`);
}

/** The file's text without the line end that editors put there. */
function secretOf(option: string, path: string, warnings: Warnings): string {
  const secret = textOf(option, path).replace(/\r?\n$/, '');
  warnOfReaders(option, path, warnings);
  return checked(option, secret);
}

/** A header that is longer never reaches the engine; one with a line end would be two. */
function checked(option: string, secret: string): string {
  if (secret === '') throw new UsageError(`${option}: expected a secret, was empty`);
  if (secret.length > TOKEN_CHARACTERS_MAX)
    throw new UsageError(`${option}: expected at most ${TOKEN_CHARACTERS_MAX} characters, was ${secret.length}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]|^\s|\s$/.test(secret))
    throw new UsageError(`${option}: expected no control characters and no blank at an end, was a value not shown`);
  return secret;
}

const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);

/** `ROLE=VALUE`, or `ROLE+ROLE=VALUE`. The value is never shown: it may be a secret. */
function byRole(option: string, entry: string): { roles: Role[]; value: string } {
  const equals = entry.indexOf('=');
  const roles = entry.slice(0, Math.max(equals, 0)).split('+');
  const value = entry.slice(equals + 1);
  if (!roles.every(isRole) || value === '')
    throw new UsageError(`${option}: expected ROLE=VALUE with a role of ${ROLES.join(', ')}, was a value not shown`);
  return { roles, value };
}

function ofEntry(entry: TokenEntry, index: number, warnings: Warnings): AccessToken {
  const place = `tokens.${index}`;
  const { role, roles, secret, secretFile, name } = entry;
  if ((role === undefined) === (roles === undefined))
    throw new UsageError(`${place}: expected either role or roles, was ${role === undefined ? 'neither' : 'both'}`);
  if ((secret === undefined) === (secretFile === undefined))
    throw new UsageError(
      `${place}: expected either secret or secretFile, was ${secret === undefined ? 'neither' : 'both'}`,
    );
  const value =
    secretFile === undefined ? checked(place, secret ?? '') : secretOf(`${place}.secretFile`, secretFile, warnings);
  return { secret: value, roles: roles ?? [role as Role], ...(name === undefined ? {} : { name }) };
}

function ofRole(option: '--role-token' | '--role-token-file', entry: string, warnings: Warnings): AccessToken {
  const { roles, value } = byRole(option, entry);
  const secret = option === '--role-token' ? checked(option, value) : secretOf(option, value, warnings);
  return { secret, roles };
}

/** Every token, from wherever it was set. */
function tokensOf(settings: AccessSettings, looks: Looks, warnings: Warnings): AccessToken[] {
  const { token, tokenFile, roleToken, roleTokenFile, tokens } = settings;
  if (token !== null && tokenFile !== null)
    looks.sentences.push('--token-file: expected no --token beside it, there was one');
  const makers: (() => AccessToken)[] = (tokens ?? []).map((entry, index) => () => ofEntry(entry, index, warnings));
  if (token !== null) makers.push(() => ({ secret: checked('--token', token), roles: ['admin'] }));
  if (tokenFile !== null)
    makers.push(() => ({ secret: secretOf('--token-file', tokenFile, warnings), roles: ['admin'] }));
  makers.push(...roleToken.map((entry) => () => ofRole('--role-token', entry, warnings)));
  makers.push(...roleTokenFile.map((entry) => () => ofRole('--role-token-file', entry, warnings)));
  const found = makers.flatMap((make) => looks.take(make) ?? []);
  if (new Set(found.map(({ secret }) => secret)).size < found.length)
    looks.sentences.push('tokens: expected each secret once with all its roles, was one twice');
  return found;
}

/** The server's own, which is the first of the chain. Of a chain that is broken further on the app only fails. */
function certificateOf(path: string, warnings: Warnings): X509Certificate {
  const text = textOf('--tls-cert', path);
  const [own = text, ...issuers] = text.match(/-----BEGIN [\s\S]*?-----END [^\n]*/g) ?? [];
  for (const [index, each] of [own, ...issuers].entries()) {
    if (isCertificate(each)) continue;
    const which = index === 0 ? '' : `, number ${index + 1} in it`;
    throw new UsageError(`--tls-cert ${path}: expected a certificate in PEM${which}, was something else`);
  }
  const certificate = new X509Certificate(own);
  if (new Date(certificate.validTo).getTime() < Date.now())
    warnings.push(`--tls-cert ${path}: the certificate ended on ${certificate.validTo}`);
  if (new Date(certificate.validFrom).getTime() > Date.now())
    warnings.push(`--tls-cert ${path}: the certificate begins on ${certificate.validFrom}`);
  return certificate;
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== null;
  } catch {
    return false;
  }
}

/** Names the file which is wrong: the app itself would only fail. */
function tlsOf(settings: AccessSettings, looks: Looks, warnings: Warnings): TlsFiles | null {
  const { tlsCert: cert, tlsKey: key, tlsPassphraseFile } = settings;
  if (cert === null && key === null && tlsPassphraseFile === null) return null;
  if (cert === null || key === null)
    looks.sentences.push(`${cert === null ? '--tls-cert' : '--tls-key'}: expected a file beside the other, was none`);
  const certificate = cert === null ? undefined : looks.take(() => certificateOf(cert, warnings));
  const file = tlsPassphraseFile;
  const passphrase = file === null ? null : looks.take(() => secretOf('--tls-passphrase-file', file, warnings));
  if (key === null || passphrase === undefined) return null;
  const own = looks.take(() => {
    const text = textOf('--tls-key', key);
    warnOfReaders('--tls-key', key, warnings);
    return privateKeyOf(key, text, passphrase);
  });
  if (cert === null || certificate === undefined || own === undefined) return null;
  if (!certificate.checkPrivateKey(own))
    looks.sentences.push(`--tls-key ${key}: expected the key of the certificate ${cert}, was another`);
  return { cert, key, passphrase };
}

function privateKeyOf(path: string, text: string, passphrase: string | null): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey({ key: text, format: 'pem', ...(passphrase === null ? {} : { passphrase }) });
  } catch {
    const isLocked = /ENCRYPTED/.test(text);
    const isWrong = isLocked && passphrase !== null;
    const was = isLocked ? 'locked, without --tls-passphrase-file' : 'something else';
    throw new UsageError(
      isWrong
        ? `--tls-passphrase-file: expected the passphrase of ${path}, was another`
        : `--tls-key ${path}: expected a private key in PEM, was ${was}`,
    );
  }
}

function ownOriginOf(text: string): string {
  const origin = originOf(text);
  if (origin !== null) return origin;
  throw new UsageError(
    `--origin: expected an origin such as https://market.example, was ${JSON.stringify(text.slice(0, 200))}`,
  );
}

function requirePortless(host: string): void {
  if (/^[^:]*:\d*$/.test(host))
    throw new UsageError(`--host: expected an address alone, without the port of --port, was ${JSON.stringify(host)}`);
}

/** True where every address that the name stands for is of this machine alone. */
async function isLocalHost(host: string): Promise<boolean> {
  if (isLoopback(host)) return true;
  const addresses = await lookup(host, { all: true }).catch(() => []);
  return addresses.length > 0 && addresses.every(({ address }) => isLoopback(address));
}

/** For ports that others can reach: nobody may come in unasked. */
function requireTokens(settings: AccessSettings, tokens: readonly AccessToken[], warnings: Warnings): void {
  const { host, insecure } = settings;
  if (tokens.length === 0 && !insecure)
    throw new UsageError(
      `--host: expected a loopback address such as 127.0.0.1 where there is no --token (or --insecure), was ${JSON.stringify(host)}`,
    );
  if (tokens.length === 0) warnings.push(`everyone who reaches ${host} may push and read (--insecure)`);
  for (const [index, { secret, name }] of tokens.entries())
    if (secret.length < TOKEN_CHARACTERS_LEAST)
      warnings.push(`token ${name ?? index + 1}: shorter than ${TOKEN_CHARACTERS_LEAST} characters can be guessed`);
}

/** A role that no token has shuts everyone out of what needs it: that may be meant, and is said. */
function warnOfRoles(tokens: readonly AccessToken[], warnings: Warnings): void {
  if (tokens.length === 0) return;
  for (const role of ['ingest', 'read'] as const)
    if (!tokens.some(({ roles }) => roles.includes(role) || roles.includes('admin')))
      warnings.push(`no token has the role ${role}: nobody may ${role === 'ingest' ? 'push' : 'read'}`);
}

/** Rejects with a SettingsError where a setting is wrong, a file does not hold what it should, or no one guards a port. */
export async function accessOf(settings: AccessSettings): Promise<Access> {
  const warnings: Warnings = [];
  const looks = new Looks();
  const tokens = tokensOf(settings, looks, warnings);
  // A port whose guard is only wrong is not told to have none.
  const areTokensRight = looks.sentences.length === 0;
  const tls = tlsOf(settings, looks, warnings);
  const origins = settings.origin.flatMap((text) => looks.take(() => ownOriginOf(text)) ?? []);
  looks.take(() => requirePortless(settings.host));
  const isLocal = await isLocalHost(settings.host);
  if (!isLocal && areTokensRight) looks.take(() => requireTokens(settings, tokens, warnings));
  if (looks.sentences.length > 0) throw new SettingsError(looks.sentences);
  warnOfRoles(tokens, warnings);
  if (tls === null && tokens.length > 0 && !isLocal)
    warnings.push('tokens cross the network unencrypted: set --tls-cert and --tls-key, or put a TLS proxy before it');
  const own = tokens.length === 0 ? null : randomBytes(OWN_TOKEN_BYTES).toString('base64url');
  const plan: AccessPlan = {
    host: settings.host,
    isLocal,
    tokens: own === null ? tokens : [...tokens, { secret: own, roles: ['ingest'], name: 'synthetic feed' }],
    origins,
    tls,
  };
  return { plan, own: { token: own, certificate: tls === null ? null : readFileSync(tls.cert, 'utf8') }, warnings };
}
