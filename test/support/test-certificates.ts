// Makes a certificate authority and certificates for tests, on the fly: X.509 written by hand, signed by node:crypto.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** PEM texts. */
export type TestCertificate = { readonly cert: string; readonly key: string };

const ECDSA_SHA256 = sequence(oid([1, 2, 840, 10045, 4, 3, 2]));
const BASIC_CONSTRAINTS = [2, 5, 29, 19];
const ALT_NAME = [2, 5, 29, 17];

/** One DER element: tag, length, content. */
function element(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  if (size < 128) return Buffer.concat([Buffer.from([tag, size]), content]);
  const bytes = size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}

function sequence(...parts: Uint8Array[]): Buffer {
  return element(0x30, ...parts);
}

function oid([first, second, ...rest]: readonly number[]): Buffer {
  const bytes = rest.flatMap((arc) => {
    const groups = [arc & 127];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 127) | 128);
    return groups;
  });
  return element(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function bits(content: Uint8Array): Buffer {
  return element(0x03, Buffer.from([0]), content);
}

/** A name with nothing but a common name. */
function nameOf(text: string): Buffer {
  return sequence(element(0x31, sequence(oid([2, 5, 4, 3]), element(0x0c, Buffer.from(text)))));
}

/** `YYMMDDHHMMSSZ`. */
function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return element(0x17, Buffer.from(text.slice(2)));
}

function extension(id: readonly number[], content: Buffer): Buffer {
  return sequence(oid(id), element(0x04, content));
}

type Order = {
  readonly subject: string;
  readonly issuer: string;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly serial: number;
};

function certify(order: Order): string {
  const dayMs = 86_400_000;
  const body = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.from([order.serial])),
    ECDSA_SHA256,
    nameOf(order.issuer),
    sequence(time(new Date(Date.now() - dayMs)), time(new Date(Date.now() + dayMs))),
    nameOf(order.subject),
    order.publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(...order.extensions)),
  );
  const whole = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, order.signer)));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** An authority of its own, and a certificate by it for `localhost` and 127.0.0.1. */
export function testCertificates(): { readonly ca: string; readonly server: TestCertificate } {
  const authority = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = 'Test authority';
  const isAuthority = extension(BASIC_CONSTRAINTS, sequence(element(0x01, Buffer.from([255]))));
  const names = sequence(element(0x82, Buffer.from('localhost')), element(0x87, Buffer.from([127, 0, 0, 1])));
  const signer = authority.privateKey;
  return {
    ca: certify({
      subject: issuer,
      issuer,
      publicKey: authority.publicKey,
      signer,
      extensions: [isAuthority],
      serial: 1,
    }),
    server: {
      cert: certify({
        subject: 'localhost',
        issuer,
        publicKey: server.publicKey,
        signer,
        extensions: [extension(ALT_NAME, names)],
        serial: 2,
      }),
      key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  };
}
