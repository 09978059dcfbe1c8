// How many level updates a second does a book take, the best bid and offer read behind each change?
//
//   stream of changes ──► ladders            our levels alone
//                     ──► market book        the same with sequence, state, counts and evidence of errors
//                     ──► tardis-dev, ccxt   the same changes in the form each takes, made beforehand
//
// All take turns in one thread and one run; ratios are taken round by round. Before that every change is given to all
// of them one by one: their best levels behind each, and all levels many times and at the end, must be the same.

import { check, type Results, type Size } from '../harness.ts';
import { takeTurns } from '../support/turns.ts';
import type { BookSubject, Levels } from './book-subject.ts';
import { CcxtSubject } from './ccxt-book.ts';
import { LadderSubject, MarketBookSubject } from './own-books.ts';
import type { BookStream } from './stream.ts';
import { TardisSubject } from './tardis-book.ts';

/** Times at which all levels are compared: a wrong level may be put right by a change behind it. */
const COMPARISONS = 25;
const SUM_TOLERANCE = 1e-9;

const textOf = ({ bids, asks }: Levels): string => `bids ${bids.join(' ')} asks ${asks.join(' ')}`;

function compare(subjects: readonly BookSubject[], levelsOf: (subject: BookSubject) => Levels, where: string): void {
  const [reference, ...others] = subjects;
  const wanted = textOf(levelsOf(reference));
  for (const subject of others)
    check(
      textOf(levelsOf(subject)) === wanted,
      `${where}: expected the levels of ${reference.name} in ${subject.name}`,
    );
}

/** Returns the sum of best prices that every run() must come to. */
function compareAnswers(stream: BookStream, subjects: readonly BookSubject[]): number {
  for (const subject of subjects) subject.prepare(stream);
  const [reference] = subjects;
  const every = Math.ceil(stream.changes / COMPARISONS);
  let sum = 0;
  for (let change = 1; change < stream.changes; change++) {
    for (const subject of subjects) subject.change(change);
    const where = `${stream.name}, change ${change}`;
    compare(subjects, (subject) => subject.best(), where);
    const isWhole = change % every === 0 || change === stream.changes - 1;
    if (isWhole) compare(subjects, (subject) => subject.levels(), where);
    const { bids, asks } = reference.best();
    sum += (bids[0]?.[0] ?? 0) + (asks[0]?.[0] ?? 0);
  }
  return sum;
}

/** Level updates a second of processor time, per subject and round. */
function ratesOf(stream: BookStream, subjects: readonly BookSubject[], wanted: number, size: Size): number[][] {
  const turns = subjects.map((subject) => ({
    prepare: () => subject.prepare(stream),
    run: () => {
      const sum = subject.run();
      const isRight = Math.abs(sum - wanted) <= Math.abs(wanted) * SUM_TOLERANCE;
      check(isRight, `${stream.name}: expected best prices to sum to ${wanted}, was ${sum} of ${subject.name}`);
    },
  }));
  return takeTurns(turns, size).map((times) => times.map((ms) => (stream.updates * 1000) / ms));
}

export function bookUpdates(results: Results, size: Size, stream: BookStream): void {
  const subjects = [new LadderSubject(), new MarketBookSubject(), new TardisSubject(), new CcxtSubject()];
  check(stream.isWhole && stream.isSnapshot(0), `${stream.name}: expected whole changes behind a snapshot`);
  const wanted = compareAnswers(stream, subjects);
  const [ladders, book, tardis, ccxt] = ratesOf(stream, subjects, wanted, size);
  const { name } = stream;
  results.add(`${name}: ladders`, 'levels/s', ladders, null, '≥ 10 M');
  results.add(`${name}: market book`, 'levels/s', book, null, '≥ 10 M');
  results.add(`${name}: tardis-dev`, 'levels/s', tardis);
  results.add(`${name}: ccxt`, 'levels/s', ccxt);
  results.ratio(`${name}: ladders / tardis-dev`, ladders, tardis, 'tardis-dev', '≥ 2');
  results.ratio(`${name}: market book / tardis-dev`, book, tardis, 'tardis-dev', '≥ 2');
  results.ratio(`${name}: market book / ccxt`, book, ccxt, 'ccxt');
}
