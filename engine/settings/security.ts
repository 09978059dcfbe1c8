// Settings of security: tokens with their roles, origins of pages, and TLS.

import { z } from 'zod';
import { TOKEN_CHARACTERS_MAX } from '../../schemas/config.ts';
import { ROLES } from '../base/token.ts';
import { nameAlone } from './feeds.ts';
import { byComma, list, structure, text, toggle } from './kinds.ts';
import { setting, unset } from './setting.ts';

const role = z.enum(ROLES, { error: `expected a role of ${ROLES.join(', ')}` });
const tokenEntry = z.strictObject(
  {
    role: role.optional().describe('What it is good for'),
    roles: z.array(role).min(1).optional().describe('The same where there are several'),
    secret: text('secret', '').schema.optional().describe('The token itself'),
    secretFile: text('file', '').schema.optional().describe('A file with the token, in place of secret'),
    name: z.string().min(1).max(80).optional().describe('How it is called in logs and figures'),
  },
  { error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : 'expected an object') },
);
const tokenEntries = z.array(tokenEntry, { error: 'expected a list' }).min(1, 'expected a list of at least 1');
type TokenEntries = z.infer<typeof tokenEntries>;

/** A flag may hold a comma inside its secret. */
const ROLE_SECRETS = { flag: (value: string) => [value], variable: byComma };
const pem = (what: string) => text('file', `a PEM file: ${what}`);

export const SECURITY_SETTINGS = {
  token: unset(text('secret', `1 to ${TOKEN_CHARACTERS_MAX.toLocaleString('en-US')} characters`), {
    group: 'security',
    meaning: 'a token required of everyone who pushes or reads',
    when: 'For a trial. A flag is seen by others in the list of processes: prefer `tokenFile`.',
    more: 'Roles, origins and what is not covered: [security](security.md).',
    hide: () => '(set)',
  }),
  tokenFile: unset(text('file', 'a readable file'), {
    group: 'security',
    meaning: 'a file with that token, so that no list of processes shows it',
    when: 'Whenever the engine listens beyond its machine and one token is enough. Not beside `token`.',
  }),
  roleToken: setting(
    list(text('role=secret', '`ROLE=SECRET` or `ROLE+ROLE=SECRET`, with roles `ingest`, `read`, `admin`'), {
      parts: ROLE_SECRETS,
    }),
    [],
    {
      group: 'security',
      meaning: 'a token for ingest, read or admin alone, or ROLE+ROLE',
      when: 'For a trial of roles; prefer `roleTokenFile`. In the variable a comma parts two of them.',
      hide: (entries: readonly string[]) => entries.map(nameAlone),
    },
  ),
  roleTokenFile: setting(list(text('role=file', '`ROLE=FILE` or `ROLE+ROLE=FILE`')), [], {
    group: 'security',
    meaning: 'a file with a token for ingest, read or admin alone',
    when: 'To let producers push and not read, and readers read and not push.',
  }),
  tokens: unset(structure(tokenEntries, 'a list of `{role or roles, secret or secretFile, name}`'), {
    group: 'security',
    meaning: 'tokens with their roles and names',
    when: 'For several clients, so that each can be told apart and taken out.',
    innerKeys: Object.keys(tokenEntry.shape),
    hide: (entries: TokenEntries) =>
      entries.map((entry) => ('secret' in entry ? { ...entry, secret: '(set)' } : entry)),
  }),
  origin: setting(list(text('origin', '`https://HOST[:PORT]`')), [], {
    group: 'security',
    meaning: "origins of pages that may read too, beside the engine's own, such as https://market.example",
    when: 'To read the stream or the API from a web page of your own.',
  }),
  tlsCert: unset(pem('certificate and chain'), {
    group: 'security',
    meaning: 'certificate and its chain: both ports speak TLS',
    when: 'Where clients come over a network and no TLS proxy stands before the engine.',
  }),
  tlsKey: unset(pem('the key of the certificate'), {
    group: 'security',
    meaning: 'key of the certificate',
    when: 'With `tlsCert`, always.',
  }),
  tlsPassphraseFile: unset(text('file', 'a readable file'), {
    group: 'security',
    meaning: 'a file with the passphrase of the key',
    when: 'Where the key is locked.',
  }),
  insecure: setting(toggle(), false, {
    group: 'security',
    meaning: 'listen beyond this machine without any token',
    when: 'Only inside a network that you trust whole, such as that of one compose file.',
  }),
};
