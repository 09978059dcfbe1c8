// The ways in which a client may present a token, right and wrong, for tests of who comes in.

export type Header = readonly [name: string, value: string];

export type Presentation = {
  readonly name: string;
  /** By a request of HTTP, or an upgrade to a WebSocket. */
  readonly headers: readonly Header[];
  readonly query?: string;
  /** Whether the secret is rightly presented: to a request, to an upgrade. */
  readonly isRight: { readonly request: boolean; readonly upgrade: boolean };
};

const RIGHT = { request: true, upgrade: true };
const UPGRADE_ALONE = { request: false, upgrade: true };
const WRONG = { request: false, upgrade: false };

const AUTHORIZATION = 'Authorization';
const PROTOCOL = 'Sec-WebSocket-Protocol';

const url64 = (text: string): string => Buffer.from(text).toString('base64url');
const plain64 = (text: string): string => Buffer.from(text).toString('base64');
const jwt = (claims: object): string => `${url64('{"alg":"none","typ":"JWT"}')}.${url64(JSON.stringify(claims))}.`;

const byHeader = (name: string, value: string, isRight = WRONG): Presentation => ({
  name,
  headers: [[AUTHORIZATION, value]],
  isRight,
});

const byProtocol = (name: string, value: string, isRight = WRONG): Presentation => ({
  name,
  headers: [[PROTOCOL, value]],
  isRight,
});

/** The other case of each letter. */
const swapped = (text: string): string =>
  [...text].map((letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase())).join('');

/** Letters that look alike or fold to the same: Cyrillic, full width, long s, Kelvin sign. */
const LOOKALIKES: readonly (readonly [RegExp, string])[] = [
  [/a/, '\u0430'],
  [/e/, '\u0435'],
  [/o/, '\u03bf'],
  [/[a-z]/, '\uff41'],
  [/s/, '\u017f'],
  [/k/i, '\u212a'],
  [/-/, '\u2010'],
];

function lookalikes(secret: string): Presentation[] {
  return LOOKALIKES.filter(([letter]) => letter.test(secret)).flatMap(([letter, other]) => {
    const text = secret.replace(letter, other);
    const name = `with U+${other.charCodeAt(0).toString(16)} in place of ${letter.source}`;
    return [byHeader(`header ${name}`, `Bearer ${text}`), byProtocol(`subprotocol ${name}`, `bearer.${url64(text)}`)];
  });
}

function altered(secret: string): Presentation[] {
  const last = secret.slice(0, -1);
  const changed: readonly (readonly [string, string])[] = [
    ['without its last letter', last],
    ['without its first letter', secret.slice(1)],
    ['of its first letter', secret.slice(0, 1)],
    ['with one letter more', `${secret}x`],
    ['twice', `${secret}${secret}`],
    ['with another last letter', `${last}${secret.endsWith('x') ? 'y' : 'x'}`],
    ['in the other case', swapped(secret)],
    ['backwards', [...secret].reverse().join('')],
    ['in quotes', `"${secret}"`],
    ['with %00 behind', `${secret}%00`],
    ['percent-encoded', [...Buffer.from(secret)].map((byte) => `%${byte.toString(16)}`).join('')],
    // Not at its end: there uWebSockets.js takes bytes from 128 up for blanks and leaves them out of a header.
    ['with a zero-width space', `${secret.slice(0, 3)}\u200b${secret.slice(3)}`],
    ['as base64url', url64(secret)],
    ['as a claim of an unsigned JWT', jwt({ token: secret, role: 'admin' })],
    ['as an unsigned JWT of no end', jwt({ sub: 'admin', exp: 99_999_999_999 })],
    ['of another tenant', `other-${secret}`],
    ['wrong altogether', 'wrong'],
    ['null', 'null'],
    ['undefined', 'undefined'],
    ['true', 'true'],
    ['*', '*'],
    ['__proto__', '__proto__'],
    ['1000 letters', 'x'.repeat(1000)],
  ];
  return changed.flatMap(([name, text]) => [
    byHeader(`header ${name}`, `Bearer ${text}`),
    byProtocol(`subprotocol ${name}`, `millrace, bearer.${url64(text)}`),
  ]);
}

function schemes(secret: string): Presentation[] {
  const others = ['Basic', 'Token', 'Digest', 'Bearer:', 'Bearer,', 'Bearer=', 'xBearer', 'Negotiate', 'JWT', 'MAC'];
  return [
    ...['Bearer', 'bearer', 'BEARER', 'bEARER'].map((scheme) =>
      byHeader(`header by ${scheme}`, `${scheme} ${secret}`, RIGHT),
    ),
    ...others.map((scheme) => byHeader(`header by ${scheme}`, `${scheme} ${secret}`)),
    byHeader('header without scheme', secret),
    byHeader('header of the scheme alone', 'Bearer'),
    byHeader('header of the scheme and a blank', 'Bearer '),
    byHeader('empty header', ''),
    byHeader('header with two blanks', `Bearer  ${secret}`),
    byHeader('header with a tab', `Bearer\t${secret}`),
    byHeader('header with the scheme twice', `Bearer Bearer ${secret}`),
    byHeader('Basic with user and password', `Basic ${plain64(`admin:${secret}`)}`),
  ];
}

function doubled(secret: string): Presentation[] {
  const right: Header = [AUTHORIZATION, `Bearer ${secret}`];
  const wrong: Header = [AUTHORIZATION, 'Bearer wrong'];
  const headers = (name: string, ...list: Header[]): Presentation => ({ name, headers: list, isRight: WRONG });
  return [
    headers('header twice', right, right),
    headers('header right, then wrong', right, wrong),
    headers('header wrong, then right', wrong, right),
    headers('header right, then empty', right, [AUTHORIZATION, '']),
    headers('header right, then of another case', right, ['aUTHORIZATION', 'Bearer wrong']),
    headers('header wrong, subprotocol right', wrong, [PROTOCOL, `bearer.${url64(secret)}`]),
    { ...byProtocol('two subprotocols', `bearer.${url64(secret)}, bearer.${url64('wrong')}`) },
    headers(
      'subprotocols in two headers',
      [PROTOCOL, `bearer.${url64(secret)}`],
      [PROTOCOL, `bearer.${url64(secret)}`],
    ),
    {
      name: 'header right, subprotocol wrong',
      headers: [right, [PROTOCOL, `bearer.${url64('wrong')}`]],
      isRight: RIGHT,
    },
  ];
}

function protocols(secret: string): Presentation[] {
  const own = url64(secret);
  return [
    byProtocol('subprotocol', `millrace, bearer.${own}`, UPGRADE_ALONE),
    byProtocol('subprotocol alone', `bearer.${own}`, UPGRADE_ALONE),
    byProtocol('subprotocol behind others', `chat,other , bearer.${own}`, UPGRADE_ALONE),
    byProtocol('subprotocol without its word', own),
    byProtocol('subprotocol of the secret itself', `bearer.${secret}`),
    byProtocol('subprotocol of another case', `Bearer.${own}`),
    byProtocol('subprotocol with padding', `bearer.${own}=`),
    byProtocol('subprotocol with more padding', `bearer.${own}==`),
    byProtocol('subprotocol encoded twice', `bearer.${url64(own)}`),
    byProtocol('subprotocol with a dot behind', `bearer.${own}.`),
    byProtocol('empty subprotocol', 'bearer.'),
    byProtocol('subprotocol millrace alone', 'millrace'),
  ];
}

/** Where tokens do not belong. */
function elsewhere(secret: string): Presentation[] {
  const names = ['X-Api-Key', 'X-Auth-Token', 'X-Authorization', 'Proxy-Authorization', 'Cookie', 'Authorization2'];
  const parameters = ['token', 'TOKEN', 'access_token', 'bearer', 'authorization', 'api_key'];
  return [
    ...names.map((name) => ({ name, headers: [[name, `Bearer ${secret}`] as const], isRight: WRONG })),
    ...parameters.map((name) => ({
      name: `?${name}=`,
      headers: [],
      query: `${name}=${encodeURIComponent(secret)}`,
      isRight: WRONG,
    })),
    {
      name: 'header, and the address as well',
      headers: [[AUTHORIZATION, `Bearer ${secret}`]],
      query: `token=${encodeURIComponent(secret)}`,
      isRight: WRONG,
    },
  ];
}

/** Every way, for one secret of printable ASCII. */
export function presentationsOf(secret: string): Presentation[] {
  return [
    { name: 'nothing', headers: [], isRight: WRONG },
    ...schemes(secret),
    ...protocols(secret),
    ...altered(secret),
    ...lookalikes(secret),
    ...doubled(secret),
    ...elsewhere(secret),
  ];
}
