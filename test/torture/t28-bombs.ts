// T28: texts that are deep, long or wide: refused before they cost anything, and no thread stands still over them.

import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
import { anchorBefore, Pipeline } from '../support/engine-subject.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';
import { type Figure, type Scenario, timedAtMost, told, zeroOf } from './scenario.ts';

const ROUNDS = { tiny: 1, small: 3, full: 10 } as const;
const BLOCK_MS_MAX = 20;
const TRIES = 5;
const MEBIBYTE = 2 ** 20;
const INPUT_SLOTS = 262_144;

const trade = (rest: string): string =>
  `{"type":"trade","exchange":"x","symbol":"A","timestamp":1767225600000,"price":"1","amount":"1"${rest}}`;
const levels = (count: number): string =>
  Array.from({ length: count }, (_, i) => `{"price":"${1 + i}","amount":"1"}`).join(',');
const change = (count: number): string =>
  `{"type":"book_change","exchange":"x","symbol":"B","timestamp":1767225600000,"isSnapshot":true,"bids":[${levels(count)}],"asks":[]}`;

/** `isWide`: it can only be read as far as the limit on what it makes. */
type Bomb = { readonly name: string; readonly text: string; readonly isTaken: boolean; readonly isWide?: boolean };

/** What is taken is lawful, what is wide may be until it is read: these may cost what their size costs, and are told apart. */
function bombs(): Bomb[] {
  const nested = [100, 1_000, 10_000, 100_000, 1_000_000].flatMap((depth): Bomb[] => [
    { name: `lists ${depth} deep`, text: '['.repeat(depth) + ']'.repeat(depth), isTaken: false },
    {
      name: `objects ${depth} deep in a member`,
      text: trade(`,"x":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
      isTaken: false,
    },
  ]);
  return [
    ...nested,
    { name: 'an open list of 16 MiB', text: '['.repeat(16 * MEBIBYTE), isTaken: false },
    {
      name: '10^6 members',
      text: trade(`,${Array.from({ length: 1e6 }, (_, i) => `"k${i}":1`).join(',')}`),
      isTaken: true,
    },
    { name: 'a list of 10^6 numbers', text: `[${'1,'.repeat(1e6 - 1)}1]`, isTaken: false },
    { name: 'a text of 10 MB', text: trade(`,"x":"${'a'.repeat(1e7)}"`), isTaken: true },
    { name: '10^5 levels', text: change(100_000), isTaken: true },
    { name: '6·10^5 levels: more records than a frame may make', text: change(600_000), isTaken: false, isWide: true },
  ];
}

/** The processor's time in which a thread does nothing else: that of taking the frame, the best of some tries. */
function blockMs(text: string): number {
  const bytes = Buffer.from(text);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIES; i++) {
    const pipeline = new Pipeline({ anchor: anchorBefore(null), kinds: ['1m'], inputSlots: INPUT_SLOTS }, INPUT_SLOTS);
    const session = pipeline.session('json');
    pipeline.writer.beginTimeless();
    const before = process.cpuUsage();
    session.take(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1_000);
    pipeline.writer.commit();
  }
  return best;
}

async function pushAll(engine: LiveEngine, all: readonly Bomb[], rounds: number): Promise<number> {
  const socket = await openFrameSocket(engine.engine.ingestPort, '/ingest/json');
  let wrong = 0;
  for (let round = 0; round < rounds; round++) {
    for (const { text, isTaken } of all) {
      const [frames, applied] = [engine.ingress('frames'), engine.ingress('applied')];
      await write(socket, wireFrame(Buffer.from(text)));
      await engine.taken(frames + 1);
      if (engine.ingress('applied') - applied !== Number(isTaken)) wrong++;
    }
  }
  socket.destroy();
  return wrong;
}

export const scenario: Scenario = {
  id: 'T28',
  title: 'Depth and size bombs',
  async run(size, _seed, log) {
    const all = bombs();
    const figures: Figure[] = [];
    let refused = 0;
    for (const { name, text, isTaken, isWide = false } of all) {
      const ms = blockMs(text);
      const megabytes = text.length / 1e6;
      log(`${name}: ${ms.toFixed(2)} ms`);
      if (isTaken || isWide) {
        figures.push(told(`${name}, ${megabytes.toFixed(1)} MB: read in`, ms, 'ms'));
        figures.push(timedAtMost(size, `${name}: for each MB`, ms / megabytes, BLOCK_MS_MAX, 'ms'));
      } else refused = Math.max(refused, ms);
    }
    const engine = await LiveEngine.start();
    const wrong = await pushAll(engine, all, ROUNDS[size]);
    await eventually('health', async () => (await engine.text('/health')).status === 200);
    const internal = engine.ingress('internal');
    await engine.stop();
    return {
      injected: all.length * ROUNDS[size],
      detected: all.length * ROUNDS[size] - wrong,
      falseAlarms: null,
      figures: [
        timedAtMost(
          size,
          'longest a thread is held by a frame that is refused for its depth or kind',
          refused,
          BLOCK_MS_MAX,
          'ms',
        ),
        ...figures,
        zeroOf('frames refused that are lawful, or taken that are not', wrong, all.length * ROUNDS[size]),
        zeroOf('answers of category internal', internal, all.length * ROUNDS[size]),
      ],
      accounting: null,
      knownHoles: [
        'A lawful frame of many levels or members holds its thread for as long as its bytes take: 32 MiB are the most.',
      ],
      notes: [
        `Times are those of the session in one thread, the best of ${TRIES}; all are then sent ${ROUNDS[size]} times to an engine over a socket.`,
      ],
    };
  },
};
