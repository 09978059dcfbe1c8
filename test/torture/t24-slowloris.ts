// T24: sockets that never finish what they began, of every kind, and pings without end: all closed in time, with little memory.

import { setTimeout as sleep } from 'node:timers/promises';
import { SILENCE_LOOK_MS, SILENT_LOOKS_MAX } from '../../schemas/config.ts';
import { EngineUnderTest } from './engine-under-test.ts';
import { isolationFigures, Probe, pairedWindows } from './probe.ts';
import { CONTINUED, FIN_TEXT, PING, RawSocket, smallFrame, TEXT } from './raw-socket.ts';
import { atMost, exactly, type Scenario, timedAtMost, told, zeroOf } from './scenario.ts';

const SOCKETS = { tiny: 10, small: 60, full: 170 } as const;
/** Silence that is looked for takes this long to be sure of. */
const HELD_S_MAX = 30;
const WAIT_MS = (SILENT_LOOKS_MAX + 2) * SILENCE_LOOK_MS + 2_000;
const HEAP_BYTES_MAX = 20e6;
const SLOW_MS = 1_000;

type Kind = {
  readonly name: string;
  readonly begin: (raw: RawSocket) => void;
  /** Written each second; null is nothing. */
  readonly next: Buffer | null;
  readonly isHandshake?: boolean;
  readonly isUnread?: boolean;
};

const KINDS: readonly Kind[] = [
  {
    name: 'a header, a byte at a time',
    isHandshake: true,
    begin: (raw) => raw.write('GET /stream HTTP/1.1\r\nX: '),
    next: Buffer.from('x'),
  },
  {
    name: 'a frame, a byte at a time',
    begin: (raw) => raw.write(Buffer.from([FIN_TEXT, 0x80 | 126, 0x10, 0, 0, 0, 0, 0])),
    next: Buffer.from('x'),
  },
  {
    name: 'a frame announced as a gigabyte',
    begin: (raw) => raw.write(Buffer.from([FIN_TEXT, 0x80 | 127, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0])),
    next: Buffer.from('x'),
  },
  { name: 'tiny fragments', begin: (raw) => raw.write(smallFrame(TEXT, 'a')), next: smallFrame(CONTINUED, 'a') },
  {
    name: 'pings without end',
    begin: () => undefined,
    next: Buffer.concat(Array.from({ length: 500 }, () => smallFrame(PING, 'x'))),
  },
  {
    name: 'pings whose pongs are not read',
    begin: (raw) => raw.socket.pause(),
    next: Buffer.concat(Array.from({ length: 500 }, () => smallFrame(PING, 'x'.repeat(100)))),
    isUnread: true,
  },
];

async function opened(port: number, path: string, { isHandshake = false, begin }: Kind): Promise<RawSocket> {
  const raw = isHandshake ? new RawSocket(port) : await RawSocket.upgrading(port, path).answered();
  begin(raw);
  return raw;
}

export const scenario: Scenario = {
  id: 'T24',
  title: 'Slowloris',
  async run(size, _seed, log) {
    const engine = await EngineUnderTest.start(['--workers', '1']);
    const probe = await Probe.start(engine);
    const before = (await engine.stats()).process;
    const handlesBefore = await engine.leastFileHandles();
    const heldMs = new Map<string, number[]>(KINDS.map(({ name }) => [name, []]));
    let opens = 0;
    let heapMost = 0;
    const pairs = await pairedWindows(probe, 1, size === 'tiny' ? 3_000 : 10_000, async () => {
      const all: { kind: Kind; raw: RawSocket }[] = [];
      for (const kind of KINDS) {
        for (let i = 0; i < SOCKETS[size]; i++) {
          const raw = await opened(
            i % 2 === 0 ? engine.port : engine.ingestPort,
            i % 2 === 0 ? '/stream' : '/ingest/json',
            kind,
          );
          all.push({ kind, raw });
          const beganMs = performance.now();
          void raw.closed.then(() => heldMs.get(kind.name)?.push(performance.now() - beganMs));
        }
      }
      opens = all.length;
      const endMs = performance.now() + WAIT_MS;
      while (performance.now() < endMs && all.some(({ raw }) => !raw.isClosed)) {
        for (const { kind, raw } of all)
          if (kind.next !== null && raw.socket.writableLength < 65_536) raw.write(kind.next);
        const { heapUsedBytes, externalBytes } = (await engine.stats()).process;
        heapMost = Math.max(heapMost, heapUsedBytes + externalBytes - before.heapUsedBytes - before.externalBytes);
        await sleep(SLOW_MS);
        // One that does not read does not see its end: looked for by reading, once the engine has let it go.
        for (const { kind, raw } of all) if (kind.isUnread === true) raw.socket.resume();
      }
      for (const { raw } of all) raw.end();
    });
    const closed = [...heldMs.values()].reduce((sum, times) => sum + times.length, 0);
    await sleep(500);
    const { publish, ingress } = await engine.stats();
    const left = (await engine.leastFileHandles()) - handlesBefore;
    const { wrong, sent, received } = await probe.finish();
    await engine.stop();
    const longest = [...heldMs].map(([name, times]) =>
      told(`${name}: longest held`, Math.max(0, ...times) / 1_000, 's'),
    );
    const limits = publish.limited;
    const named = limits['silentClosed'] + limits['pingsClosed'] + ingress['silentClosed'] + ingress['pingsClosed'];
    log(JSON.stringify({ opens, closed, left, heapMost, limits }));
    return {
      injected: opens,
      detected: closed,
      falseAlarms: null,
      figures: [
        exactly('sockets that the engine closed', closed, opens, `of ${opens}`),
        timedAtMost(
          size,
          'longest that one was held',
          Math.max(...[...heldMs.values()].flat()) / 1_000,
          HELD_S_MAX,
          's',
        ),
        ...longest,
        told('closed by a limit that counts them by name', named, ''),
        zeroOf('file handles left', Math.max(0, left), opens),
        atMost('growth of heap and buffers meanwhile', heapMost, HEAP_BYTES_MAX, 'bytes'),
        zeroOf('messages of another subscriber lost, twice or out of order', wrong + sent - received, sent),
        ...isolationFigures(size, 'another subscriber', pairs),
      ],
      accounting: null,
      knownHoles: [
        'Handshakes and frames over the hard cap are ended by uWebSockets.js itself, and are in no counter of ours.',
      ],
      notes: [`${SOCKETS[size]} sockets of each kind, half on each port; what is slow says one thing a second.`],
    };
  },
};
