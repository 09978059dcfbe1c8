// Owns the way through an HTTP proxy: a CONNECT request, and the socket that is the venue's from then on.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { TransportError } from './transport.ts';

export type TunnelOptions = {
  /** `http://` or `https://`, with `user:password@` where the proxy asks for them. */
  readonly proxy: URL;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

function credentials(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const text = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` };
}

/** The open socket behind the proxy; rejects with a TransportError, whose status is the proxy's where it refused. */
export function openTunnel(options: TunnelOptions): Promise<Socket> {
  const { proxy, timeoutMs, signal } = options;
  const target = `${options.host}:${options.port}`;
  const request = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const connect = request({
      host: proxy.hostname,
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...credentials(proxy) },
      agent: false,
      timeout: timeoutMs,
      signal,
    });
    const refuse = (message: string, status: number | null): void => {
      connect.destroy();
      reject(new TransportError({ kind: 'proxy', message, status }));
    };
    connect.on('timeout', () => refuse(`no answer within ${timeoutMs} ms`, null));
    connect.on('error', (error) => refuse(error.message, null));
    connect.on('response', (response) =>
      refuse(`expected 200, was ${response.statusCode}`, response.statusCode ?? null),
    );
    connect.on('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        refuse(`expected 200, was ${response.statusCode}`, response.statusCode ?? null);
        return;
      }
      socket.setTimeout(0);
      resolve(socket as Socket);
    });
    connect.end();
  });
}
