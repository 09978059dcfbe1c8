// Owns the property that ingress goes on from its image, and from its journal, with the records of an undisturbed run.

import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { makeIngressImage, takeIngressImage } from '../../engine/ingress/ingress-image.ts';
import { JournalReplay } from '../../engine/ingress/journal-replay.ts';
import { rebuildMemory } from '../../engine/ingress/rebuild-memory.ts';
import type { Session } from '../../engine/ingress/session.ts';
import type { IngressImage } from '../../engine/journal/checkpoint.ts';
import { createRing } from '../../engine/ring/spsc-ring.ts';
import { INPUT_RING_SLOTS } from '../../schemas/config.ts';
import { DIALECTS, type Dialect } from '../../schemas/ids.ts';
import { JournalKind } from '../../schemas/journal.ts';
import { IngressRig, RIG_WALL_US, recordFacts } from '../support/ingress-rig.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import '../support/seed.ts';
import { type VenueLine, venueLines } from '../support/venue-frames.ts';

const LINES_MAX = 900;
/** Between two frames, so that some pass a step of the clock and most do not. */
const FRAME_NS = 17_000_000;

/** Plays lines on a rig, each connection with its session; sessions made before are found by their numbers. */
class Player {
  readonly rig: IngressRig;
  private readonly dialect: Dialect;
  private readonly numbers: Map<string, number>;

  constructor(rig: IngressRig, dialect: Dialect, numbers = new Map<string, number>()) {
    this.rig = rig;
    this.dialect = dialect;
    this.numbers = numbers;
  }

  private sessionOf(connection: string): Session {
    const number = this.numbers.get(connection);
    const known = number === undefined ? undefined : this.rig.connections.open.get(number)?.session;
    if (known !== undefined) return known;
    const session = this.rig.session(this.dialect);
    this.numbers.set(connection, session.connection);
    return session;
  }

  play({ connection, isSent, bytes }: VenueLine, index: number): void {
    const session = this.sessionOf(connection);
    if (isSent) session.sent(Buffer.from(bytes).toString());
    else this.rig.take(session, bytes, index * FRAME_NS);
    if (index % 3 === 0) this.rig.writer.commit();
  }

  /** Another thread that begins with what this one came to. */
  resumed(): Player {
    const { rig } = this;
    rig.writer.commit();
    const image = makeIngressImage(0, rig.memory, rig.parts);
    const next = new IngressRig();
    takeIngressImage(image, next.parts);
    next.records[0].push(...rig.records[0]);
    return new Player(next, this.dialect, this.numbers);
  }
}

const lines = new Map<Dialect, VenueLine[]>();
for (const dialect of DIALECTS) lines.set(dialect, await venueLines(dialect, LINES_MAX));
const linesOf = (dialect: Dialect): readonly VenueLine[] => lines.get(dialect) ?? [];

function undisturbed(dialect: Dialect, journal: MemoryJournal | null = null, shards = 1): IngressRig {
  const rig = new IngressRig({ journal, shards });
  const player = new Player(rig, dialect);
  for (const [index, line] of linesOf(dialect).entries()) player.play(line, index);
  rig.writer.commit();
  return rig;
}

/** As deepEqual, which would print tens of thousands of records. */
function assertSame(was: readonly string[][], wanted: readonly string[][]): void {
  for (const [shard, records] of wanted.entries()) {
    const at = records.findIndex((record, index) => record !== was[shard][index]);
    const of = (list: readonly string[]): string =>
      at < 0 ? '' : Buffer.from(list[at] ?? '', 'latin1').toString('hex');
    assert.equal(of(was[shard]), of(records), `shard ${shard}, record ${at}`);
    assert.equal(was[shard].length, records.length);
  }
}

describe('an image of ingress', () => {
  for (const dialect of DIALECTS) {
    it(`lets ${dialect} go on as if nothing had been, wherever it is made`, (t) => {
      const all = linesOf(dialect);
      if (all.length === 0) return t.skip(`no recording of ${dialect}; MILLRACE_RECORDINGS names their folder`);
      const wanted = undisturbed(dialect);
      assert.ok(wanted.records[0].length > 0);
      fc.assert(
        fc.property(fc.uniqueArray(fc.nat(all.length - 1), { minLength: 1, maxLength: 12 }), (cuts) => {
          let player = new Player(new IngressRig(), dialect);
          for (const [index, line] of all.entries()) {
            if (cuts.includes(index)) player = player.resumed();
            player.play(line, index);
          }
          player.rig.writer.commit();
          assert.equal(player.rig.records[0].length, wanted.records[0].length);
          assert.ok(player.rig.records[0].every((record, index) => record === wanted.records[0][index]));
          assert.deepEqual(player.rig.markets.size, wanted.markets.size);
        }),
        { numRuns: 5 },
      );
    });
  }
});

/** Replays entries into a rig. */
function replayed(
  journal: MemoryJournal,
  image: IngressImage | null,
  rig: IngressRig,
  stampsBehind: number[] = [],
): void {
  const replay = new JournalReplay(rig.parts, { image, anchorWallUs: RIG_WALL_US });
  for (const entry of journal.entries) {
    if (entry.sequence <= (image?.sequence ?? 0)) continue;
    replay.take(entry);
    if (stampsBehind.includes(entry.sequence)) rig.writer.commit();
  }
  replay.end();
}

describe('a journal of ingress', () => {
  for (const dialect of DIALECTS) {
    it(`makes the records of ${dialect} again, behind nothing and behind an image, for all shards and for one`, (t) => {
      const all = linesOf(dialect);
      if (all.length === 0) return t.skip(`no recording of ${dialect}; MILLRACE_RECORDINGS names their folder`);
      const journal = new MemoryJournal(RIG_WALL_US);
      const live = new IngressRig({ journal, shards: 2 });
      const player = new Player(live, dialect);
      const at = Math.floor(all.length / 3);
      let image: IngressImage | null = null;
      let before: number[] = [];
      for (const [index, line] of all.entries()) {
        if (index === at) {
          live.writer.commit();
          image = makeIngressImage(journal.sequence, live.memory, live.parts);
          before = live.records.map(({ length }) => length);
        }
        player.play(line, index);
      }
      live.writer.commit();
      const written = journal.entries.filter(({ kind }) => kind === JournalKind.frame).map(({ payload }) => payload);
      const sent = all.filter(({ isSent }) => !isSent).map(({ bytes }) => bytes);
      assert.equal(written.length, sent.length);
      assert.ok(written.every((payload, index) => Buffer.compare(payload, sent[index]) === 0));
      const whole = new IngressRig({ shards: 2, policy: 'block-without-limit' });
      replayed(journal, null, whole);
      assertSame(whole.records, live.records);
      assert.deepEqual(whole.connections.next, live.connections.next);
      const behind = new IngressRig({ shards: 2, policy: 'block-without-limit' });
      replayed(journal, image, behind);
      assertSame(
        behind.records,
        live.records.map((records, shard) => records.slice(before[shard])),
      );
      const memory = rebuildMemory(live.memory, 1, createRing(INPUT_RING_SLOTS));
      const marks = live.stamps[1].map(({ sequence }) => sequence).filter((_, index) => index % 5 === 0);
      const one = new IngressRig({ memory, onlyShard: 1, policy: 'block-without-limit' });
      replayed(journal, null, one, marks);
      assertSame(one.records, [[], live.records[1]]);
      for (const mark of marks)
        assert.deepEqual(
          one.stamps[1].findLast(({ sequence }) => sequence === mark)?.records,
          live.stamps[1].findLast(({ sequence }) => sequence === mark)?.records,
          'the records before a stamp are those of its entries',
        );
    });
  }
});

test('every stamp speaks of the entries whose records are before it', () => {
  for (const dialect of ['binance', 'json'] as const) {
    const journal = new MemoryJournal(RIG_WALL_US);
    const { stamps, records } = undisturbed(dialect, journal);
    assert.equal(stamps[0].at(-1)?.records, records[0].length, 'nothing is behind the last stamp');
    const frames = journal.entries.filter(({ kind }) => kind === JournalKind.frame).length;
    assert.equal(frames, linesOf(dialect).filter(({ isSent }) => !isSent).length);
    assert.ok(stamps[0].every(({ sequence }, index) => index === 0 || sequence > stamps[0][index - 1].sequence));
    assert.ok(records[0].every((record) => recordFacts(record).type > 0));
  }
});
