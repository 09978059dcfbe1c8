// T18: a shard that stands still while frames come faster than its ring is large: what found no room is counted, and what
// was taken is applied, to the last one.

import { setTimeout as sleep } from 'node:timers/promises';
import { openFrameSocket, wireFrame, write } from '../../engine/load/frame-socket.ts';
import { INPUT_RING_SLOTS } from '../../schemas/config.ts';
import { type EngineStats, EngineUnderTest, Harm, settled } from './engine-under-test.ts';
import { accountOf, atMost, exactly, type Figure, type Scenario, told, zeroOf } from './scenario.ts';

/** More than fits the ring, with what a stamp behind each commit takes. */
const FRAMES = {
  tiny: INPUT_RING_SLOTS + 50_000,
  small: INPUT_RING_SLOTS + 150_000,
  full: INPUT_RING_SLOTS * 3,
} as const;
const PIECE = 2_000;

const tradeOf = (id: number): string =>
  `{"type":"trade","exchange":"x","symbol":"F","id":"${id}","price":"10","amount":"1","side":"buy","timestamp":"2026-01-01T00:00:00.000Z"}`;

type Flood = { readonly sent: number; readonly heldMost: number; readonly stats: EngineStats };

/** Frames as fast as the engine takes them; `standsStill` has the shard do nothing for five seconds at first. */
async function flood(frames: number, slowNs: number, standsStill: boolean): Promise<Flood> {
  const engine = await EngineUnderTest.start(['--workers', '1'], { isPatient: true, slowNs });
  const socket = await openFrameSocket(engine.ingestPort, '/ingest/json');
  await write(socket, wireFrame(Buffer.from(tradeOf(1))));
  await engine.statsWhen('the first', ({ total }) => total['tradeRecords'] === 1);
  let sent = 1;
  if (standsStill) {
    await write(socket, wireFrame(Buffer.from(tradeOf(Harm.pause5s))));
    sent++;
    await sleep(50);
  }
  let heldMost = 0;
  for (let id = 2; id < frames; ) {
    const piece: Buffer[] = [];
    for (let i = 0; i < PIECE && id < frames; i++, id++) piece.push(wireFrame(Buffer.from(tradeOf(id))));
    sent += piece.length;
    await write(socket, Buffer.concat(piece));
    if ((id - 2) % (PIECE * 10) !== 0) continue;
    for (const { ring, held } of (await engine.stats()).rings)
      if (ring === 'input') heldMost = Math.max(heldMost, held);
  }
  await engine.statsWhen('all taken', ({ ingress }) => ingress['frames'] === sent);
  const stats = await settled(engine);
  socket.destroy();
  await engine.stop();
  return { sent, heldMost, stats };
}

const SLOW_NS = 20_000;

export const scenario: Scenario = {
  id: 'T18',
  title: 'Ring full',
  async run(size, _seed, log) {
    const stopped = await flood(FRAMES[size], 0, true);
    const slow = size === 'tiny' ? null : await flood(FRAMES[size], SLOW_NS, false);
    const { total, ingress, recovery } = stopped.stats;
    const { dropped } = ingress;
    log(
      JSON.stringify({
        stopped: { ...stopped, stats: { total, recovery } },
        slow: slow && { ...slow, stats: slow.stats.total },
      }),
    );
    // The one that stood still is replaced, and the frame in its hands, which made it stand still, is left out.
    const missing = stopped.sent - 1 - total['tradeRecords'] - dropped;
    const figures: Figure[] = [
      zeroOf(
        'a shard that stands still: frames neither applied nor counted as dropped',
        Math.abs(missing),
        stopped.sent,
      ),
      exactly('frames that the engine took, of those sent', ingress['frames'], stopped.sent, ''),
      atMost(
        'records in the input ring at most',
        Math.max(stopped.heldMost, slow?.heldMost ?? 0),
        INPUT_RING_SLOTS,
        `of ${INPUT_RING_SLOTS}`,
      ),
      told('frames dropped at the full ring, counted', dropped, ''),
      told('time that frames were held back', ingress['blockedNs'] / 1e6, 'ms'),
    ];
    if (slow !== null) {
      const lost = slow.sent - slow.stats.total['tradeRecords'] - slow.stats.ingress['dropped'];
      figures.push(
        zeroOf('a shard that is slow: frames neither applied nor counted as dropped', Math.abs(lost), slow.sent),
        zeroOf('a shard that is slow: frames dropped, for it is waited for', slow.stats.ingress['dropped'], slow.sent),
      );
    }
    return {
      injected: stopped.sent + (slow?.sent ?? 0),
      detected: dropped + 1,
      falseAlarms: null,
      figures,
      accounting: accountOf(stopped.sent, { applied: total['tradeRecords'], shed: dropped + 1 }),
      knownHoles: [
        'Pushed frames are held back first, and dropped only when the shard counts as down; venue connections drop at once.',
      ],
      notes: [
        `One connection, one shard that stands still for 5 s or takes ${SLOW_NS / 1_000} µs a trade; no journal.`,
      ],
    };
  },
};
