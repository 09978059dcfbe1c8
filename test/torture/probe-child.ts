// A process that measures: sends trades of one market on schedule whatever comes back, and takes the time from when each
// was due until a subscriber had it (open loop, RELIABILITY §3).

import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ProbeOrder, ProbeWindow } from './probe.ts';

const VENUE = 'probe';
const MS_PER_S = 1_000;
/** Due times are remembered for this many trades. */
const KEPT = 65_536;

const [port, ingestPort, ratePerS, symbol] = process.argv.slice(2);
const everyMs = MS_PER_S / Number(ratePerS);
const dueMs = new Float64Array(KEPT);
let latenciesMs: number[] = [];
let [sent, received, wrong, last] = [0, 0, 0, 0];

function opened(address: string): Promise<WebSocket> {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

const tradeOf = (id: number): string =>
  JSON.stringify({
    ...{ type: 'trade', exchange: VENUE, symbol, id: String(id), price: '100', amount: '1', side: 'buy' },
    timestamp: new Date().toISOString(),
  });

function take(id: number): void {
  received++;
  if (id !== last + 1) wrong++;
  last = id;
  latenciesMs.push(performance.now() - dueMs[id % KEPT]);
}

async function run(): Promise<void> {
  const producer = await opened(`ws://127.0.0.1:${ingestPort}/ingest/json`);
  producer.send(tradeOf(0));
  const reader = await opened(`ws://127.0.0.1:${port}/stream`);
  let isListed = false;
  reader.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as { op?: string; args?: string[]; type?: string; id?: string };
    if (message.op === 'subscribed') isListed = (message.args?.length ?? 0) > 0;
    if (message.type === 'trade' && message.id !== '0') take(Number(message.id));
  });
  while (!isListed) {
    reader.send(JSON.stringify({ op: 'subscribe', id: 1, args: [`trade.${VENUE}:${symbol}`] }));
    await sleep(50);
  }
  const beganMs = performance.now();
  const turn = (): void => {
    const nowMs = performance.now();
    for (; beganMs + sent * everyMs <= nowMs; producer.send(tradeOf(sent))) {
      const due = beganMs + sent * everyMs;
      dueMs[++sent % KEPT] = due;
    }
  };
  const timer = setInterval(turn, 1);
  process.on('message', (order: ProbeOrder) => {
    if (order === 'stop') clearInterval(timer);
    const window: ProbeWindow = { latenciesMs, sent, received, wrong };
    latenciesMs = [];
    process.send?.(window);
    if (order === 'end') process.exit(0);
  });
  process.send?.('ready');
}

await run();
