// Owns the table tests of the sequence rules, each step of the recipe by its number.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ChangeFlag } from '../../../../schemas/ids.ts';
import { Continuity, type VenueRule, venueRule } from '../../../../schemas/venue-rules.ts';
import { HoldBuffer } from '../../../../workers/book/hold-buffer.ts';
import { ChangeDecision, Sequencer, SnapshotDecision } from '../../../../workers/book/sequencer.ts';
import { type Change, RecordTape } from './book-records.ts';

const { apply, old, hold, discard, gap } = ChangeDecision;
const SPOT = ChangeFlag.hasSequence;
const FUTURES = ChangeFlag.hasSequence | ChangeFlag.hasPrevious;
const REST = ChangeFlag.snapshot | ChangeFlag.rest | ChangeFlag.hasSequence;

class Run {
  readonly held = new HoldBuffer();
  readonly sequencer: Sequencer;
  private readonly tape = new RecordTape();

  constructor(rule: VenueRule) {
    this.sequencer = new Sequencer(rule, this.held);
  }

  change(change: Change): number {
    this.tape.write(change);
    const decision = this.sequencer.change(change.flags, this.tape.f64, 0);
    if (decision === hold) this.held.begin(this.tape.u8, this.tape.u32, this.tape.f64, 0);
    return decision;
  }

  snapshot(last: number, flags: number = REST): number {
    this.tape.write({ flags, last });
    return this.sequencer.snapshot(flags, this.tape.f64, 0);
  }

  spot(first: number, last: number): number {
    return this.change({ flags: SPOT, first, last });
  }

  futures(previous: number, first: number, last: number): number {
    return this.change({ flags: FUTURES, previous, first, last });
  }
}

const spotRun = (): Run => new Run(venueRule('binance'));
const futuresRun = (): Run => new Run(venueRule('binance-futures'));

describe('a spot book without a snapshot', () => {
  it('holds changes, and passes over repeats of them (1)', () => {
    const run = spotRun();
    assert.deepEqual(
      [run.spot(5, 6), run.spot(7, 7), run.spot(7, 7), run.spot(5, 6), run.spot(8, 9)],
      [hold, hold, old, old, hold],
    );
  });

  it('discards a change without numbers', () => {
    assert.equal(spotRun().change({ flags: 0 }), discard);
  });

  const CASES: readonly [string, number, number][] = [
    ['older than the first held change, with a hole between', 3, SnapshotDecision.tooOld],
    ['that ends just before it: the exact fit', 4, SnapshotDecision.replace],
    ['inside it', 5, SnapshotDecision.replace],
    ['at its end', 6, SnapshotDecision.replace],
    ['newer than all that is held', 70, SnapshotDecision.replace],
  ];
  for (const [name, sequence, decision] of CASES) {
    it(`judges a snapshot ${name} (2, 3)`, () => {
      const run = spotRun();
      run.spot(5, 6);
      run.spot(7, 9);
      assert.equal(run.snapshot(sequence), decision);
      assert.equal(run.sequencer.isJoined, decision === SnapshotDecision.replace);
    });
  }

  it('looks past held changes inside the snapshot at the first one behind it (3)', () => {
    const run = spotRun();
    run.spot(1, 2);
    run.spot(9, 10);
    assert.equal(run.snapshot(5), SnapshotDecision.tooOld);
    assert.equal(run.snapshot(8), SnapshotDecision.replace);
  });
});

describe('a spot book that stands', () => {
  const CASES: readonly [string, [number, number][], number[]][] = [
    [
      'takes U = last + 1 (6)',
      [
        [11, 12],
        [13, 13],
      ],
      [apply, apply],
    ],
    [
      'lets the first change reach into the snapshot (6)',
      [
        [8, 12],
        [13, 14],
      ],
      [apply, apply],
    ],
    [
      'passes over what is inside (5)',
      [
        [9, 10],
        [11, 12],
        [11, 12],
        [1, 2],
      ],
      [old, apply, old, old],
    ],
    [
      'sees a gap at the first change (7)',
      [
        [12, 13],
        [14, 15],
      ],
      [gap, hold],
    ],
    [
      'sees a gap later (7)',
      [
        [11, 12],
        [14, 14],
      ],
      [apply, gap],
    ],
    [
      'takes an overlap after the first change for a gap (7)',
      [
        [11, 12],
        [12, 14],
      ],
      [apply, gap],
    ],
  ];
  for (const [name, changes, decisions] of CASES) {
    it(name, () => {
      const run = spotRun();
      run.snapshot(10);
      assert.deepEqual(
        changes.map(([first, last]) => run.spot(first, last)),
        decisions,
      );
    });
  }

  it('counts the numbers between as missing, none at an overlap', () => {
    const run = spotRun();
    run.snapshot(10);
    run.spot(15, 20);
    assert.equal(run.sequencer.missing, 4);
    run.snapshot(10);
    run.spot(11, 12);
    run.spot(12, 13);
    assert.equal(run.sequencer.missing, 0);
  });

  it('is replaced by a snapshot of the same or a later sequence, not by an older one (8)', () => {
    const run = spotRun();
    run.snapshot(10);
    run.spot(11, 12);
    assert.equal(run.snapshot(11), SnapshotDecision.old);
    assert.equal(run.spot(13, 13), apply);
    assert.equal(run.snapshot(13), SnapshotDecision.replace);
    assert.equal(run.snapshot(20), SnapshotDecision.replace);
    assert.equal(run.spot(14, 15), old);
    assert.equal(run.spot(18, 22), apply);
  });

  it('takes a first change without checks where the snapshot has no number', () => {
    const run = spotRun();
    run.spot(1, 2);
    assert.equal(run.snapshot(0, ChangeFlag.snapshot), SnapshotDecision.replace);
    assert.equal(run.held.count, 0);
    assert.deepEqual([run.spot(50, 51), run.spot(52, 52), run.spot(60, 60)], [apply, apply, gap]);
  });
});

describe('a futures book', () => {
  const FIRST: readonly [string, [number, number, number], number][] = [
    ['that holds S', [90, 95, 105], apply],
    ['that ends at S', [90, 95, 100], apply],
    ['that begins at S', [95, 100, 105], apply],
    ['behind S whose pu is S', [100, 103, 105], apply],
    ['behind S whose pu is before S', [98, 103, 105], apply],
    ['behind S whose pu is behind S', [101, 103, 105], gap],
    ['that ends before S', [80, 85, 99], old],
  ];
  for (const [name, numbers, decision] of FIRST) {
    it(`judges the first change ${name} (5, 6)`, () => {
      const run = futuresRun();
      run.snapshot(100);
      assert.equal(run.futures(...numbers), decision);
    });

    it(`judges a snapshot by the first held change ${name} (2, 3)`, () => {
      const run = futuresRun();
      run.futures(...numbers);
      assert.equal(run.snapshot(100), decision === gap ? SnapshotDecision.tooOld : SnapshotDecision.replace);
    });
  }

  it('goes on with pu = last, whatever U is (6, 7)', () => {
    const run = futuresRun();
    run.snapshot(100);
    assert.deepEqual(
      [run.futures(95, 99, 105), run.futures(105, 190, 200), run.futures(105, 190, 200)],
      [apply, apply, old],
    );
    assert.equal(run.futures(201, 202, 203), gap);
    assert.equal(run.sequencer.missing, 1);
  });

  it('sees a gap where pu is missing', () => {
    const run = futuresRun();
    run.snapshot(100);
    assert.deepEqual([run.spot(100, 105), run.spot(106, 107)], [apply, gap]);
  });
});

describe('a book whose changes are chained (OKX)', () => {
  const STREAM = ChangeFlag.snapshot | ChangeFlag.hasSequence;
  const CHAINED = ChangeFlag.hasSequence | ChangeFlag.hasPrevious;
  /** Changes as (prevSeqId, seqId) on a snapshot of seqId 10. */
  const decide = (...pairs: readonly (readonly [number, number])[]): number[] => {
    const run = new Run(venueRule('okx'));
    assert.equal(run.snapshot(10, STREAM), SnapshotDecision.replace);
    return pairs.map(([previous, last]) => run.change({ flags: CHAINED, previous, last }));
  };

  it('follows the official run: a change, a keep-alive, a counter set back, a change (9)', () => {
    assert.deepEqual(decide([10, 15], [15, 15], [15, 3], [3, 5]), [apply, apply, apply, apply]);
  });

  it('sees a lost change at the next one, and holds nothing (10)', () => {
    assert.deepEqual(decide([15, 20]), [gap]);
    assert.deepEqual(decide([10, 15], [20, 25], [25, 30]), [apply, gap, discard]);
  });

  it('sees a lost setting back, though all numbers after it are small (10)', () => {
    assert.deepEqual(decide([10, 15], [3, 5]), [apply, gap]);
    assert.deepEqual(decide([10, 15], [3, 15]), [apply, gap]);
  });

  it('sees two changes that were swapped (10)', () => {
    assert.deepEqual(decide([15, 20], [10, 15]), [gap, discard]);
  });

  it('passes over a repeat of the last change, also behind its keep-alive, and of no other (10)', () => {
    assert.deepEqual(decide([10, 15], [10, 15], [15, 20]), [apply, old, apply]);
    assert.deepEqual(decide([10, 15], [15, 15], [10, 15], [15, 20]), [apply, apply, old, apply]);
    assert.deepEqual(decide([10, 15], [15, 3], [15, 3], [3, 5]), [apply, apply, old, apply]);
    assert.deepEqual(decide([10, 15], [15, 20], [10, 15]), [apply, apply, gap]);
  });

  it('sees a gap in a numbered change that does not name the one before it (10)', () => {
    for (const last of [10, 11]) {
      const run = new Run(venueRule('okx'));
      run.snapshot(10, STREAM);
      assert.equal(run.change({ flags: ChangeFlag.hasSequence, last }), gap);
    }
  });

  it('begins anew with any snapshot, an older one too, and forgets which change might be repeated', () => {
    const run = new Run(venueRule('okx'));
    run.snapshot(10, STREAM);
    assert.equal(run.change({ flags: CHAINED, previous: 10, last: 15 }), apply);
    assert.equal(run.snapshot(3, STREAM), SnapshotDecision.replace);
    assert.equal(run.change({ flags: CHAINED, previous: 3, last: 4 }), apply);
    assert.equal(run.snapshot(15, STREAM), SnapshotDecision.replace);
    assert.equal(run.change({ flags: CHAINED, previous: 10, last: 15 }), gap);
  });

  it('applies changes without numbers, whose checksum tells (11)', () => {
    const run = new Run(venueRule('okx'));
    assert.equal(run.change({ flags: ChangeFlag.hasChecksum }), discard);
    run.snapshot(0, ChangeFlag.snapshot);
    assert.deepEqual([run.change({ flags: ChangeFlag.hasChecksum }), run.change({ flags: 0 })], [apply, apply]);
    assert.equal(run.change({ flags: CHAINED, previous: 7, last: 8 }), apply);
    assert.equal(run.change({ flags: CHAINED, previous: 9, last: 10 }), gap);
  });
});

describe('a book that is whole each time and numbered by its time', () => {
  const { replace, old: passed } = SnapshotDecision;
  const WHOLE = ChangeFlag.snapshot | ChangeFlag.hasSequence;
  const CASES: readonly [string, number[], number[]][] = [
    ['takes the first, and each later one whatever lies between (12)', [10, 11, 700], [replace, replace, replace]],
    ['takes one of the same time (12)', [10, 10], [replace, replace]],
    [
      'passes over an earlier one, and stays where it was (12)',
      [10, 9, 10, 9, 11],
      [replace, passed, replace, passed, replace],
    ],
    [
      'passes over repeats of an earlier one, however many (12)',
      [10, 5, 5, 5, 5, 11],
      [replace, passed, passed, passed, passed, replace],
    ],
    [
      'believes the third earlier one in a row that rises (13)',
      [9000, 5, 6, 7, 8, 6],
      [replace, passed, passed, replace, replace, passed],
    ],
    [
      'counts anew after one that falls (13)',
      [9000, 5, 6, 4, 5, 6],
      [replace, passed, passed, passed, passed, replace],
    ],
    [
      'counts anew after one that is not earlier (13)',
      [10, 5, 6, 10, 7, 8, 9],
      [replace, passed, passed, replace, passed, passed, replace],
    ],
  ];
  for (const [name, times, decisions] of CASES) {
    it(name, () => {
      const run = new Run(venueRule('hyperliquid'));
      assert.deepEqual(
        times.map((time) => run.snapshot(time, WHOLE)),
        decisions,
      );
    });
  }

  it('takes any once it does not stand, and one without a number', () => {
    const run = new Run(venueRule('hyperliquid'));
    run.snapshot(10, WHOLE);
    run.sequencer.breakChain();
    assert.equal(run.snapshot(3, WHOLE), replace);
    assert.equal(run.snapshot(0, ChangeFlag.snapshot), replace);
    assert.equal(run.snapshot(1, WHOLE), replace);
  });
});

describe('a book of a venue without REST snapshots', () => {
  it('discards changes until the snapshot, then applies all', () => {
    for (const venue of ['coinbase', 'kraken', 'anything']) {
      const run = new Run(venueRule(venue));
      assert.equal(run.spot(1, 1), discard);
      assert.equal(run.snapshot(9, ChangeFlag.snapshot | ChangeFlag.hasSequence), SnapshotDecision.replace);
      assert.deepEqual([run.spot(3, 3), run.spot(70, 70), run.change({ flags: 0 })], [apply, apply, apply]);
      assert.equal(run.snapshot(2, ChangeFlag.snapshot | ChangeFlag.hasSequence), SnapshotDecision.replace);
      run.sequencer.breakChain();
      assert.equal(run.spot(71, 71), discard);
    }
  });

  it('is checked where its changes are numbered, but nothing is held', () => {
    const run = new Run({ ...venueRule('other'), continuity: Continuity.firstFollowsLast });
    const snapshot = ChangeFlag.snapshot | ChangeFlag.hasSequence;
    assert.equal(run.spot(9, 9), discard);
    assert.equal(run.snapshot(10, snapshot), SnapshotDecision.replace);
    assert.deepEqual([run.spot(11, 11), run.spot(13, 13), run.spot(14, 14)], [apply, gap, discard]);
    assert.equal(run.snapshot(3, snapshot), SnapshotDecision.replace);
    assert.equal(run.spot(4, 4), apply);
  });
});
