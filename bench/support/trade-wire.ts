// Binance trades as wire frames back to back, by connection: update n is of market n % markets, its ids without a break.

import { wireFrame } from '../../engine/load/frame-socket.ts';
import { START_MS } from '../workloads.ts';

/** Of the one trade that makes a market known before others of it are sent. */
export const ANNOUNCED_ID = 1;

/** Wire frames of one connection; the k-th ends at ends[k]. */
export type WireFrames = { readonly bytes: Buffer; readonly ends: Float64Array };

function payloadOf(update: number, markets: number, firstId: number): Buffer {
  const market = update % markets;
  const id = firstId + Math.floor(update / markets);
  const time = START_MS + Math.floor(update / 100);
  const price = (61_837.63 + ((update * 31) % 1000) / 100).toFixed(8);
  const quantity = (0.001 + ((update * 17) % 500) / 100_000).toFixed(8);
  return Buffer.from(
    `{"stream":"sym${market}usdt@trade","data":{"e":"trade","E":${time},"s":"SYM${market}USDT","t":${id},"p":"${price}","q":"${quantity}","T":${time},"m":${update % 3 === 0},"M":true}}`,
  );
}

/** Updates `connection`, `connection + connections`, … below `count`. A market keeps its connection where they divide. */
export function tradeWire(
  count: number,
  markets: number,
  firstId: number,
  connection: number,
  connections: number,
): WireFrames {
  const frames: Buffer[] = [];
  for (let update = connection; update < count; update += connections)
    frames.push(wireFrame(payloadOf(update, markets, firstId)));
  const ends = new Float64Array(frames.length);
  let end = 0;
  for (const [index, frame] of frames.entries()) {
    end += frame.length;
    ends[index] = end;
  }
  return { bytes: Buffer.concat(frames), ends };
}
