// Several books on one stream of changes: their levels must be the same behind each change, then each is a way to be measured.

import { check } from '../../harness.ts';
import type { Way } from '../turns.ts';
import type { BookSubject, Levels } from './book-subject.ts';
import type { BookStream } from './stream.ts';

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
export function compareBooks(stream: BookStream, subjects: readonly BookSubject[]): number {
  check(stream.isWhole && stream.isSnapshot(0), `${stream.name}: expected whole changes behind a snapshot`);
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

/** Takes all changes but the first and reads the best bid and offer behind each. */
export function bookWay(stream: BookStream, subject: BookSubject, wanted: number): Way {
  return {
    name: subject.name,
    prepare: () => subject.prepare(stream),
    run: () => {
      const sum = subject.run();
      const isRight = Math.abs(sum - wanted) <= Math.abs(wanted) * SUM_TOLERANCE;
      check(isRight, `${stream.name}: expected best prices to sum to ${wanted}, was ${sum} of ${subject.name}`);
    },
  };
}
