// Owns one real HTTP request to a venue: its size and time are bounded, and its failure is told in one word.

import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { authorization, endpointOf, type Route, throughTunnel, trust } from './socket.ts';
import { failureOf, type RestAnswer, type RestCall, TransportError } from './transport.ts';
import { openTunnel } from './tunnel.ts';

/** Sockets kept for later requests; through a proxy each request has its own. */
export class RestClient {
  private readonly route: Route;
  private readonly plain = new HttpAgent({ keepAlive: true });
  private readonly secure = new HttpsAgent({ keepAlive: true });

  constructor(route: Route) {
    this.route = route;
  }

  async request(call: RestCall): Promise<RestAnswer> {
    try {
      return await this.send(call, await this.wayTo(call));
    } catch (error) {
      if (call.signal.aborted) throw new TransportError({ kind: 'aborted', message: 'aborted', status: null });
      throw new TransportError(failureOf(error));
    }
  }

  close(): void {
    this.plain.destroy();
    this.secure.destroy();
  }

  private async wayTo(call: RestCall): Promise<RequestOptions> {
    const url = new URL(call.url);
    const { proxy, ca } = this.route;
    const { host, port, isSecure } = endpointOf(url);
    if (proxy === null) return { agent: isSecure ? this.secure : this.plain, ...trust(ca) };
    const tunnel = await openTunnel({
      proxy: new URL(proxy),
      host,
      port,
      timeoutMs: call.timeoutMs,
      signal: call.signal,
    });
    // Without an agent: Node asks one for the socket where there is one.
    return { createConnection: throughTunnel(url, tunnel, ca) };
  }

  private send(call: RestCall, way: RequestOptions): Promise<RestAnswer> {
    const url = new URL(call.url);
    const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const content: Record<string, string> =
      call.body === null
        ? {}
        : { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(call.body)}` };
    const headers = { accept: 'application/json', ...content, ...authorization(this.route.token) };
    return new Promise((resolve, reject) => {
      const sent = request(url, { ...way, method: call.method, headers, signal: call.signal });
      // One limit for the whole exchange, however slowly bytes trickle.
      const timer = setTimeout(() => sent.destroy(timedOut(call.timeoutMs)), call.timeoutMs);
      const settle = <T>(then: (value: T) => void) => {
        return (value: T): void => {
          clearTimeout(timer);
          then(value);
        };
      };
      sent.on('error', settle(reject));
      sent.on('response', (response) => read(response, call.bodyBytesMax).then(settle(resolve), settle(reject)));
      sent.end(call.body ?? undefined);
    });
  }
}

function timedOut(timeoutMs: number): TransportError {
  return new TransportError({ kind: 'timeout', message: `no answer within ${timeoutMs} ms`, status: null });
}

async function read(response: IncomingMessage, bytesMax: number): Promise<RestAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bytesMax) {
      throw new TransportError({ kind: 'too-large', message: `expected at most ${bytesMax} bytes`, status: null });
    }
    chunks.push(chunk);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) headers[name] = String(value);
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8') };
}
