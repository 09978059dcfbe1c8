// T23: connects without end that never send anything, and then connections that stay and say nothing: refused above the
// cap, ended at their deadline, and those who were there before go on.

import { setTimeout as sleep } from 'node:timers/promises';
import { HTTP_SOCKETS_MAX } from '../../schemas/config.ts';
import { EngineUnderTest } from './engine-under-test.ts';
import { isolationFigures, Probe, pairedWindows } from './probe.ts';
import { RawSocket } from './raw-socket.ts';
import { atMost, type Scenario, timedAtMost, told, zeroOf } from './scenario.ts';

const PAIRS = { tiny: 1, small: 2, full: 4 } as const;
const WINDOW_MS = { tiny: 2_000, small: 4_000, full: 5_000 } as const;
/** Connects a second that are tried; what is reached is told. */
const CONNECTS_PER_S = 10_000;
const IDLE = { tiny: 300, small: 2_000, full: 5_000 } as const;
const CONNECTIONS_MAX = 1_000;
/** Sockets of ours at once: the system gives no more than some thousands. */
const AT_ONCE = 4_000;
const RATIO_MAX = 1.5;
const HANDLES_BACK_MS = 10_000;

/** Opens sockets at a rate, and lets the oldest go. */
async function flood(port: number, forMs: number): Promise<number> {
  const open: RawSocket[] = [];
  const beganMs = performance.now();
  let opened = 0;
  while (performance.now() - beganMs < forMs) {
    const due = Math.min(((performance.now() - beganMs) / 1_000) * CONNECTS_PER_S, opened + 100);
    for (; opened < due; opened++) open.push(new RawSocket(port));
    while (open.length > AT_ONCE) open.shift()?.end();
    await new Promise(setImmediate);
  }
  for (const each of open) each.end();
  return opened;
}

export const scenario: Scenario = {
  id: 'T23',
  title: 'Connection flood',
  async run(size, _seed, log) {
    const flags = ['--workers', '1', '--connections-max', String(CONNECTIONS_MAX)];
    const engine = await EngineUnderTest.start(flags);
    const probe = await Probe.start(engine);
    const before = engine.fileHandles;
    let [connects, handlesMost] = [0, 0];
    const watch = setInterval(() => {
      handlesMost = Math.max(handlesMost, engine.fileHandles);
    }, 20);
    const pairs = await pairedWindows(probe, PAIRS[size], WINDOW_MS[size], async () => {
      connects += await flood(engine.port, WINDOW_MS[size]);
    });
    clearInterval(watch);
    // Connections that were let in and say nothing: as many as the cap has room for, and no more.
    const idle = Array.from({ length: IDLE[size] }, () => RawSocket.upgrading(engine.port, '/stream'));
    await Promise.all(idle.map((raw) => raw.answered()));
    const accepted = idle.filter(({ isUpgraded }) => isUpgraded).length;
    const named = idle.filter(({ head }) => head.startsWith('HTTP/1.1 503') && head.includes('connections')).length;
    for (const raw of idle) raw.end();
    const goneMs = performance.now();
    while (engine.fileHandles > before && performance.now() - goneMs < 2 * HANDLES_BACK_MS) await sleep(20);
    const backMs = performance.now() - goneMs;
    const { publish } = await engine.stats();
    const { wrong, sent, received } = await probe.finish();
    await engine.stop();
    const cap = CONNECTIONS_MAX + HTTP_SOCKETS_MAX;
    log(JSON.stringify({ connects, handlesMost, accepted, named, backMs, limited: publish.limited }));
    return {
      injected: connects + idle.length,
      detected: publish.limited['sockets-max'] + publish.limited['connections-max'],
      falseAlarms: null,
      figures: [
        told(
          'connects a second that were reached',
          Math.round(connects / ((PAIRS[size] * WINDOW_MS[size]) / 1_000)),
          '/s',
        ),
        atMost('file handles at most, above those before', handlesMost - before, cap + 64, ''),
        atMost('idle connections let in', accepted, CONNECTIONS_MAX, `of ${idle.length}`),
        told('idle connections refused with the name of the limit', named, ''),
        timedAtMost(size, 'time until file handles were back to those before', backMs, HANDLES_BACK_MS, 'ms'),
        zeroOf('messages of those there before lost, twice or out of order', wrong + sent - received, sent),
        ...isolationFigures(size, 'a subscriber there before', pairs, RATIO_MAX),
      ],
      accounting: null,
      knownHoles: [
        'Sockets that say nothing at all are ended by uWebSockets.js after some 12 s, not after the 5 s proposed.',
      ],
      notes: [
        `Connects of one process at up to ${CONNECTS_PER_S}/s, which takes most of one core from the engine; cap of ${CONNECTIONS_MAX} connections and ${HTTP_SOCKETS_MAX} sockets beside.`,
      ],
    };
  },
};
