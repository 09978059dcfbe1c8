// Lives of a journal on one folder in memory, with faults of the disk, each ended with the process or with the machine:
// after each, what was promised is looked for.

import assert from 'node:assert/strict';
import { readCheckpoint } from '../../engine/journal/checkpoint-file.ts';
import type { SyncPolicy } from '../../engine/journal/journal-options.ts';
import { losesEntries } from '../../engine/journal/journal-reader.ts';
import { checkpointOf, contentOf, JournalRig, RigClock, textOf } from './journal-rig.ts';
import { type FolderCall, MemoryFolder } from './memory-folder.ts';

/** Mulberry32: numbers in [0, 1) by a seed. */
function randomBy(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const POLICIES: readonly SyncPolicy[] = ['none', 'interval', 'always'];
const CALLS: readonly FolderCall[] = ['open', 'append', 'sync', 'truncate', 'rename', 'remove', 'syncNames'];

/** Several lives of a journal on one folder, with faults; after each, what was promised is looked for. */
export class JournalLives {
  readonly random: () => number;
  /** What was given under each number; numbers are given again only where their entries were lost. */
  private readonly given = new Map<number, string>();
  private readonly clock = new RigClock();
  private readonly folder = new MemoryFolder(this.clock.pass);
  private readonly policy: SyncPolicy;
  private checkpointNumber = 0;

  constructor(seed: number) {
    this.random = randomBy(seed);
    this.policy = POLICIES[this.below(POLICIES.length)];
  }

  run(): void {
    for (let life = 0; life < 3; life++) this.live(life);
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private live(life: number): void {
    const options = {
      syncPolicy: this.policy,
      syncMs: 20,
      segmentBytes: 400 + this.below(2000),
      bytesMax: this.random() < 0.3 ? 3000 : Number.POSITIVE_INFINITY,
    };
    const rig = new JournalRig(this.folder, options, 2048, this.clock);
    for (const sequence of this.given.keys()) if (sequence > rig.opened.sequence) this.given.delete(sequence);
    this.checkpointNumber = rig.opened.nextCheckpoint;
    const steps = 5 + this.below(60);
    for (let step = 0; step < steps; step++) this.step(rig, life);
    const isPowerLoss = this.random() < 0.7;
    this.heal();
    if (isPowerLoss) this.folder.crash(this.random);
    else this.folder.die();
    this.check(rig, isPowerLoss);
    this.forgetUncertain(rig);
  }

  /** The system tells a failed sync once: the next process waits for the same file, hears of no error, and cannot know. */
  private forgetUncertain(rig: JournalRig): void {
    if (rig.number('failures') === 0) return;
    for (const sequence of this.given.keys()) if (sequence > rig.number('durable')) this.given.delete(sequence);
  }

  private step(rig: JournalRig, life: number): void {
    const choice = this.random();
    if (choice < 0.6) {
      const text = `${life}:${rig.log.sequence + 1}:`.padEnd(this.below(150));
      this.given.set(rig.frame(text), text);
    }
    if (choice < 0.5) rig.log.commit();
    if (choice > 0.3 && choice < 0.9) rig.writer.turn();
    this.clock.pass(this.below(12));
    if (choice > 0.95) this.checkpoint(rig);
    if (choice > 0.9 && choice < 0.95) this.disturb();
  }

  private checkpoint(rig: JournalRig): void {
    rig.log.checkpoint(this.checkpointNumber, 0);
    this.given.delete(rig.log.sequence);
    rig.log.commit();
    rig.writer.writeCheckpoint(checkpointOf(this.checkpointNumber++, rig.log.sequence), () => {});
  }

  private disturb(): void {
    const { faults } = this.folder;
    const choice = this.below(7);
    if (choice < 3) this.heal();
    else if (choice === 3) faults.failing.set(CALLS[this.below(CALLS.length)], 'EIO');
    else if (choice === 4) faults.spaceBytes = this.below(4000);
    else if (choice === 5) faults.appendBytesMax = 1 + this.below(50);
    else faults.isReadOnly = true;
  }

  private heal(): void {
    const { faults } = this.folder;
    faults.failing.clear();
    faults.spaceBytes = Number.POSITIVE_INFINITY;
    faults.appendBytesMax = Number.POSITIVE_INFINITY;
    faults.isReadOnly = false;
  }

  private check(rig: JournalRig, isPowerLoss: boolean): void {
    const { entries, missing } = contentOf(this.folder);
    const checkpointTo = readCheckpoint(this.folder).checkpoint?.sequence ?? 0;
    assert.ok(checkpointTo >= rig.number('checkpointSequence'), 'a checkpoint that was whole is there');
    const found = new Set(entries.map(({ sequence }) => sequence));
    for (const entry of entries) {
      const text = this.given.get(entry.sequence);
      if (text !== undefined) assert.equal(textOf(entry), text);
    }
    const holes = missing.filter(({ kind }) => kind === 'hole');
    const isHole = (sequence: number): boolean =>
      holes.some(({ afterSequence, beforeSequence }) => afterSequence < sequence && sequence < (beforeSequence ?? 0));
    const promised = rig.number(isPowerLoss ? 'durable' : 'written');
    const safe = !isPowerLoss || this.policy === 'always' ? rig.log.safeSequence : 0;
    for (const sequence of this.given.keys()) {
      if (found.has(sequence) || sequence <= checkpointTo) continue;
      assert.ok(sequence > promised || isHole(sequence), `entry ${sequence} of ${promised} promised is gone`);
      assert.ok(sequence > safe, `entry ${sequence} of ${safe} safe is gone`);
      const isTold = sequence > (entries.at(-1)?.sequence ?? 0) || missing.some((damage) => losesEntries(damage));
      assert.ok(isTold, `entry ${sequence} is missing and not told`);
      this.given.delete(sequence);
    }
  }
}
