// Requests written byte by byte, which clients would mend or refuse: headers given twice, odd paths, upgrades.

import { connect, type Socket } from 'node:net';

export type RawRequest = {
  readonly port: number;
  readonly method?: string;
  readonly path: string;
  /** As they are: names in any case, and twice where they stand twice. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly isUpgrade?: boolean;
  /** Written behind the request at once, as a client that does not wait for its answer. */
  readonly behind?: Uint8Array;
};

export type RawAnswer = {
  /** 0 where the connection was closed without an answer. */
  readonly status: number;
  /** Of the answer, without its date. */
  readonly head: string;
  readonly body: string;
};

const UPGRADE = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Key', 'x3JJHMbDL1EzLkh9GBhXDw=='],
  ['Sec-WebSocket-Version', '13'],
] as const;

function textOf({ method = 'GET', path, headers = [], isUpgrade = false, port }: RawRequest): string {
  const host = headers.some(([name]) => name.toLowerCase() === 'host') ? [] : [['Host', `127.0.0.1:${port}`] as const];
  const lines = [...host, ...(isUpgrade ? UPGRADE : []), ...headers].map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

/** An answer is whole with its body's length, an upgrade and an answer without a body with its head. */
function isWhole(text: string, method: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /^content-length: (\d+)/im.exec(text.slice(0, end))?.[1];
  return method === 'HEAD' || length === undefined || Buffer.byteLength(text.slice(end + 4)) >= Number(length);
}

function answerOf(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const head = text.slice(0, Math.max(end, 0)).replace(/\r\nDate: [^\r]*/i, '');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  return { status, head, body: end < 0 ? '' : text.slice(end + 4) };
}

function finished(socket: Socket, method: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (isWhole(text, method)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(text));
  });
}

/** Sends it on a connection of its own and waits for one answer. */
export async function askRaw(request: RawRequest): Promise<RawAnswer> {
  const socket = connect({ host: '127.0.0.1', port: request.port });
  const text = finished(socket, request.method ?? 'GET');
  socket.write(textOf(request));
  if (request.behind !== undefined) socket.write(request.behind);
  return answerOf(await text);
}
