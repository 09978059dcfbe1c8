// What does a level update cost, near the touch, deep, in snapshots and in churn, and as the book grows deeper?
//
//   stream of changes ──► ladders              our levels alone, exact
//                     ──► market book          the same with sequence, state, counts and evidence of errors
//                     ──► Map, sorted array    what programs begin with, on floats made beforehand
//
// The best bid and offer are read behind each change. Before that all books are compared behind each change.

import type { Results, Size } from '../harness.ts';
import type { BookSubject } from '../support/books/book-subject.ts';
import { bookWay, compareBooks } from '../support/books/compare.ts';
import { LadderSubject, MarketBookSubject } from '../support/books/own-books.ts';
import { arrayBook, mapBook } from '../support/books/plain-books.ts';
import type { BookStream } from '../support/books/stream.ts';
import { deepeningStreams, syntheticStreams } from '../support/books/synthetic.ts';
import { bench, takeTurns } from '../support/turns.ts';

function shape(results: Results, size: Size, stream: BookStream): void {
  const subjects: readonly BookSubject[] = [new LadderSubject(), new MarketBookSubject(), mapBook(), arrayBook()];
  const wanted = compareBooks(stream, subjects);
  const [ladders, ...others] = subjects.map((subject) => bookWay(stream, subject, wanted));
  bench(results, size, {
    name: stream.name,
    operation: 'level',
    operations: stream.updates,
    ways: [ladders, ...others],
  });
}

export function ladder(results: Results, size: Size): void {
  for (const stream of syntheticStreams(size)) shape(results, size, stream);
}

/** The same changes near the touch on books of more and more levels: the cost should not depend on what lies behind. */
export function bookDepth(results: Results, size: Size): void {
  const streams = deepeningStreams(size);
  for (const [name, make] of [
    ['ladders', () => new LadderSubject()],
    ['market book', () => new MarketBookSubject()],
  ] as const) {
    const subjects = streams.map(({ stream }) => ({ stream, subject: make() }));
    const ways = subjects.map(({ stream, subject }) => bookWay(stream, subject, compareBooks(stream, [subject])));
    const turns = ways.map(({ prepare, run }) => ({ prepare: prepare ?? (() => {}), run }));
    const times = takeTurns(turns, size).map((rounds, index) =>
      rounds.map((ms) => (ms * 1e6) / streams[index].stream.updates),
    );
    streams.forEach(({ levels }, index) => {
      const label = `near the touch, ${levels.toLocaleString('en')} levels a side: ${name}`;
      results.add(label, 'ns/level', times[index]);
      if (index === 0) return;
      const isDeepest = index === streams.length - 1;
      const against = `${streams[0].levels} levels a side`;
      results.ratio(`${label} / ${against}`, times[index], times[0], against, isDeepest ? '≤ 1.2' : null);
    });
  }
}
