// T27: frames broken in every way over real sockets: refused with a reason, counted, and neither the connection's neighbours
// nor the heap feel it; what breaks WebSocket's own rules ends its connection alone.

import { setTimeout as sleep } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
import { INGRESS_COUNTERS, type IngressCounterName } from '../../schemas/counters.ts';
import { REJECTION_NAMES } from '../../schemas/ids.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';
import { numbersOf } from '../support/recordings.ts';
import { frameOf, Opcode, RawClient } from './raw-client.ts';
import { accountOf, atMost, exactly, type Figure, type Log, type Scenario, told, zeroOf } from './scenario.ts';

/** Of each kind that a session refuses; and connections of each kind that ends them. */
const FRAMES = { tiny: 1_000, small: 100_000, full: 1_000_000 } as const;
const CONNECTIONS = { tiny: 10, small: 200, full: 1_000 } as const;
const LARGE = { tiny: 1, small: 3, full: 10 } as const;
/** Frames sent in one write. */
const WRITE_FRAMES = 500;
const DISTINCT = 500;
const HEAP_GROWTH_MB_MAX = 20;
const MEBIBYTE = 2 ** 20;
/** The cap of `json` is 32 MiB; the hard cap above it 64. */
const OVER_CAP_BYTES = 33 * MEBIBYTE;
const BOMB_BYTES = 10 * MEBIBYTE;

type Random = (limit: number) => number;
type Kind = { readonly name: string; readonly isBinary?: boolean; readonly make: (random: Random) => Uint8Array };

const trade = (random: Random, symbol = 'BROKEN'): string =>
  `{"type":"trade","exchange":"test","symbol":"${symbol}","id":"${random(1e9)}","price":"${1 + random(1e6)}","amount":"1","timestamp":1767225600000}`;
const bytesOf = (text: string): Buffer => Buffer.from(text, 'utf8');

const KINDS: readonly Kind[] = [
  { name: 'truncated', make: (random) => bytesOf(trade(random)).subarray(0, 1 + random(100)) },
  {
    name: 'binary noise',
    isBinary: true,
    make: (random) => Uint8Array.from({ length: 1 + random(200) }, () => random(256)),
  },
  {
    name: 'bad UTF-8 in a binary message',
    isBinary: true,
    make: (random) =>
      Buffer.concat([
        bytesOf('{"type":"trade","exchange":"test","symbol":"'),
        Uint8Array.of(0xff, 0xc0 + random(32)),
        bytesOf('","price":"1","amount":"1","timestamp":1}'),
      ]),
  },
  {
    name: 'lone surrogates',
    make: (random) => bytesOf(trade(random, ['\\ud800', '\\udfff', 'a\\ud834b', '\\udc00\\ud800'][random(4)])),
  },
  { name: 'byte order mark', make: (random) => bytesOf(`\ufeff${trade(random)}`) },
  { name: 'NUL', make: (random) => bytesOf(random(2) === 0 ? `\0${trade(random)}` : trade(random, 'a\0b')) },
  {
    name: 'two texts in one frame',
    make: (random) => bytesOf(`${trade(random)}${random(2) === 0 ? '' : '\n'}${trade(random)}`),
  },
  { name: 'unheard of members', make: (random) => bytesOf(trade(random).replace('"price":"', '"price":"x')) },
];

class BrokenRun {
  readonly engine: LiveEngine;
  private readonly random: Random;

  constructor(engine: LiveEngine, random: Random) {
    this.engine = engine;
    this.random = random;
  }

  rejected(): number {
    return INGRESS_COUNTERS.map(({ name }) => name)
      .filter((name: IngressCounterName) => (REJECTION_NAMES as readonly string[]).includes(name))
      .reduce((sum, name) => sum + this.engine.ingress(name), 0);
  }

  /** So many frames of a kind down one connection, which must live on; returns how many were not refused. */
  async pour({ isBinary = false, make }: Kind, count: number): Promise<number> {
    const socket = await openFrameSocket(this.engine.engine.ingestPort, '/ingest/json');
    const frames = Array.from({ length: DISTINCT }, () => wireFrame(make(this.random), isBinary));
    const before = this.rejected();
    for (let sent = 0; sent < count; sent += WRITE_FRAMES) {
      const size = Math.min(WRITE_FRAMES, count - sent);
      await write(socket, Buffer.concat(Array.from({ length: size }, (_, i) => frames[(sent + i) % DISTINCT])));
    }
    const from = this.engine.ingress('applied');
    await write(socket, wireFrame(bytesOf(trade(this.random, 'GOOD'))));
    await eventually('the good frame behind them', () => this.engine.ingress('applied') > from);
    socket.destroy();
    return count - (this.rejected() - before);
  }

  /** Connections that each break a rule of WebSocket; returns those that were not ended. */
  async violate(bytes: Buffer, count: number): Promise<number> {
    let open = 0;
    for (let i = 0; i < count; i++) {
      const client = await RawClient.upgraded(this.engine.engine.ingestPort, '/ingest/json');
      client.write(bytes);
      if (!(await client.until(() => client.isEnded, 10_000))) open++;
      client.end();
    }
    return open;
  }
}

const VIOLATIONS: readonly (readonly [name: string, bytes: () => Buffer])[] = [
  ['an opcode that there is not', () => frameOf({ opcode: 3, payload: 'x' })],
  ['bad UTF-8 in a text', () => frameOf({ payload: Uint8Array.of(0x7b, 0xff, 0xfe) })],
  ['a length over the hard cap', () => frameOf({ lengthBytes: 8, length: 2 ** 32 })],
  [
    'a compressed bomb of 1,000:1 that was not agreed on',
    () => frameOf({ opcode: Opcode.binary, reserved: 4, payload: deflateRawSync(Buffer.alloc(BOMB_BYTES)) }),
  ],
];

const LOOKS = 10;
const LOOK_MS = 200;

/**
 * Heap and buffers, the least of some looks after full collections: buffers are freed by a thread of V8's after their
 * collection, and requests to libuv that are still under way hold theirs.
 */
async function usedMb(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < LOOKS; look++) {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, (heapUsed + external) / MEBIBYTE);
    await sleep(LOOK_MS);
  }
  return least;
}

async function figuresOf(
  run: BrokenRun,
  size: 'tiny' | 'small' | 'full',
  log: Log,
): Promise<{ figures: Figure[]; injected: number }> {
  const figures: Figure[] = [];
  let injected = 0;
  for (const kind of KINDS) {
    const left = await run.pour(kind, FRAMES[size]);
    injected += FRAMES[size];
    log(`${kind.name}: ${left} left`);
    figures.push(zeroOf(`${kind.name}: frames not refused, or refused twice`, Math.abs(left), FRAMES[size]));
  }
  for (const [name, bytes] of VIOLATIONS) {
    figures.push(
      zeroOf(`${name}: connections that stay open`, await run.violate(bytes(), CONNECTIONS[size]), CONNECTIONS[size]),
    );
    injected += CONNECTIONS[size];
  }
  return { figures, injected };
}

/** Frames over the dialect's cap, one after the other. */
async function pourLarge(run: BrokenRun, count: number): Promise<number> {
  const socket = await openFrameSocket(run.engine.engine.ingestPort, '/ingest/json');
  const before = run.engine.ingress('too-large');
  const frame = wireFrame(Buffer.alloc(OVER_CAP_BYTES, 0x20));
  for (let i = 0; i < count; i++) await write(socket, frame);
  await eventually('all refused as too large', () => run.engine.ingress('too-large') - before >= count);
  socket.destroy();
  return run.engine.ingress('too-large') - before;
}

export const scenario: Scenario = {
  id: 'T27',
  title: 'Broken frames',
  async run(size, seed, log) {
    const engine = await LiveEngine.start();
    const run = new BrokenRun(engine, numbersOf(seed));
    const neighbour = await engine.producer('json');
    await run.pour(KINDS[0], 1_000);
    const memoryBefore = await usedMb();
    const { figures, injected } = await figuresOf(run, size, log);
    const grown = (await usedMb()) - memoryBefore;
    const large = await pourLarge(run, LARGE[size]);
    const received = engine.ingress('frames');
    const of = (...names: IngressCounterName[]): number => names.reduce((sum, name) => sum + engine.ingress(name), 0);
    const internal = of('internal');
    const accounting = accountOf(received, {
      applied: of('applied', 'control', 'ignored', 'unknown'),
      invalid: run.rejected(),
    });
    const isNeighbourOpen = neighbour.isOpen;
    await neighbour.close();
    const summary = await engine.stop();
    return {
      injected: injected + LARGE[size],
      detected: null,
      falseAlarms: null,
      figures: [
        ...figures,
        exactly(`over the cap of 32 MiB: frames of 33 MiB refused as too-large`, large, LARGE[size], ''),
        zeroOf('answers of category internal', internal, received),
        atMost('growth of heap and buffers over all but those of 33 MiB', grown, HEAP_GROWTH_MB_MAX, 'MiB'),
        exactly('the neighbour’s connection is open', Number(isNeighbourOpen), 1, ''),
        exactly('the engine stops in order', Number(!summary.forced), 1, ''),
        told('frames received', received, ''),
      ],
      accounting,
      knownHoles: [],
      notes: [
        `${FRAMES[size]} frames of each of ${KINDS.length} kinds, ${CONNECTIONS[size]} connections for each of ${VIOLATIONS.length} breaches of WebSocket; the heap is the main thread’s, buffers are the process’s.`,
      ],
    };
  },
};
