// How many level updates a second does a book take, the best bid and offer read behind each change?
//
//   stream of changes ──► ladders            our levels alone
//                     ──► market book        the same with sequence, state, counts and evidence of errors
//                     ──► tardis-dev, ccxt   the same changes in the form each takes, made beforehand
//
// All take turns in one thread and one run; ratios are taken round by round. Before that every change is given to all
// of them one by one: their best levels behind each, and all levels many times and at the end, must be the same.

import type { Results, Size } from '../harness.ts';
import { bookWay, compareBooks } from '../support/books/compare.ts';
import { LadderSubject, MarketBookSubject } from '../support/books/own-books.ts';
import { recordedStreams } from '../support/books/recorded.ts';
import type { BookStream } from '../support/books/stream.ts';
import { syntheticStreams } from '../support/books/synthetic.ts';
import { takeTurns } from '../support/turns.ts';
import { CcxtSubject } from './ccxt-book.ts';
import { TardisSubject } from './tardis-book.ts';

/** A run of fewer takes less than a millisecond: its figures are told, and no aim is judged by them. */
const JUDGED_UPDATES_MIN = 10_000;

function compareOne(results: Results, size: Size, stream: BookStream): void {
  const subjects = [new LadderSubject(), new MarketBookSubject(), new TardisSubject(), new CcxtSubject()];
  const wanted = compareBooks(stream, subjects);
  const turns = subjects.map((subject) => {
    const { run } = bookWay(stream, subject, wanted);
    return { prepare: () => subject.prepare(stream), run };
  });
  const [ladders, book, tardis, ccxt] = takeTurns(turns, size).map((times) =>
    times.map((ms) => (stream.updates * 1000) / ms),
  );
  const { name, updates } = stream;
  const aims = updates < JUDGED_UPDATES_MIN ? [null, null] : ['≥ 10 M', '≥ 2'];
  const fastest = tardis.map((rate, round) => Math.max(rate, ccxt[round]));
  results.add(`${name}: ladders`, 'levels/s', ladders, null, aims[0]);
  results.add(`${name}: market book`, 'levels/s', book, null, aims[0]);
  results.add(`${name}: tardis-dev`, 'levels/s', tardis);
  results.add(`${name}: ccxt`, 'levels/s', ccxt);
  results.ratio(`${name}: market book / tardis-dev`, book, tardis, 'tardis-dev');
  results.ratio(`${name}: market book / ccxt`, book, ccxt, 'ccxt');
  results.ratio(`${name}: market book / fastest peer`, book, fastest, 'the faster of tardis-dev and ccxt', aims[1]);
}

export async function bookUpdates(results: Results, size: Size): Promise<void> {
  for (const stream of syntheticStreams(size)) compareOne(results, size, stream);
  for (const stream of await recordedStreams(size, (text) => results.note(text))) compareOne(results, size, stream);
}
