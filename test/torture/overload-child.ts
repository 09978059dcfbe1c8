// A process that offers frames at a rate, whatever the engine makes of them: what the socket does not take at once is
// given up and counted, as a venue would not wait either.

import { setTimeout as sleep } from 'node:timers/promises';
import { openFrameSocket, wireFrame } from '../../engine/load/frame-socket.ts';

export type OverloadOrder = { readonly ratePerS: number; readonly forMs: number };
export type Offered = { readonly due: number; readonly sent: number; readonly forMs: number };

/** Frames of one write; the same bytes each time: trades without an id are no repeats of one another. */
const PIECE = 250;
/** Bytes that may wait in this process. */
const WAITING_BYTES_MAX = 1 << 20;

const FRAME = wireFrame(
  Buffer.from(
    '{"type":"trade","exchange":"over","symbol":"L","price":"10","amount":"1","side":"buy","timestamp":"2026-01-01T00:00:00.000Z"}',
  ),
);
const PIECE_BYTES = Buffer.concat(Array.from({ length: PIECE }, () => FRAME));

const socket = await openFrameSocket(Number(process.argv[2]), '/ingest/json');

async function offer({ ratePerS, forMs }: OverloadOrder): Promise<Offered> {
  const beganMs = performance.now();
  let [due, sent] = [0, 0];
  for (;;) {
    const pastMs = performance.now() - beganMs;
    if (pastMs >= forMs) break;
    for (const until = (pastMs * ratePerS) / 1_000; due + PIECE <= until; due += PIECE) {
      if (socket.writableLength > WAITING_BYTES_MAX) continue;
      socket.write(PIECE_BYTES);
      sent += PIECE;
    }
    await sleep(1);
  }
  while (socket.writableLength > 0) await sleep(1);
  return { due, sent, forMs: performance.now() - beganMs };
}

process.on('message', async (order: OverloadOrder | 'end') => {
  if (order === 'end') process.exit(0);
  process.send?.(await offer(order));
});
process.send?.('ready');
