// How much dearer than our decoder are two libraries on the same bytes of one venue's book frames?
//
//   frame bytes ──► decoder ──► ring records                             (ours)
//               ──► TextDecoder, JSON.parse ──► tardis-dev's mapper, ccxt's parser
//
// All take turns in one thread and one run. Before that each frame's levels are counted and summed in all of them, and
// must agree.

import { check, type Results, type Size } from '../harness.ts';
import { Decoding, digestOf, jsonWay, levelsIn, parseFrame } from '../support/frames/decoding.ts';
import { type BookFrames, drawnFrames } from '../support/frames/drawn.ts';
import { FORMS, type Form } from '../support/frames/forms.ts';
import { areEqual, type Digest } from '../support/frames/plain-book.ts';
import { recordedFrames } from '../support/frames/recorded.ts';
import { bench, type Way } from '../support/turns.ts';
import { CcxtParser, type Parser, TardisParser } from './parsers.ts';

function parsersOf({ tardis, ccxt }: Form): Parser[] {
  const parsers: Parser[] = [];
  if (tardis !== null) parsers.push(new TardisParser(tardis));
  if (ccxt !== null) parsers.push(new CcxtParser(ccxt));
  return parsers;
}

function compareParsers({ name, frames, before }: BookFrames, wanted: readonly Digest[], parsers: Parser[]): void {
  for (const parser of parsers) {
    parser.prepare(before.map(parseFrame), frames.map(parseFrame));
    frames.forEach((frame, index) => {
      const digest = digestOf(parser.map(parseFrame(frame)));
      check(areEqual(digest, wanted[index]), `${name}, frame ${index}: expected the same levels of ${parser.name}`);
    });
  }
}

function parserWay(parser: Parser, work: BookFrames, levels: number): Way {
  const first = work.before.map(parseFrame);
  const messages = work.frames.map(parseFrame);
  const map = parser instanceof CcxtParser ? parser.parse.bind(parser) : parser.map.bind(parser);
  return jsonWay(work, levels, { name: parser.name, prepare: () => parser.prepare(first, messages) }, map);
}

function compareOne(results: Results, size: Size, work: BookFrames): void {
  const parsers = parsersOf(FORMS[work.form]);
  if (parsers.length === 0) return;
  const decoding = new Decoding(work);
  const wanted = decoding.compareWithMapping();
  compareParsers(work, wanted, parsers);
  const levels = levelsIn(wanted);
  const others = parsers.map((parser) => parserWay(parser, work, levels));
  const { name, frames } = work;
  bench(results, size, {
    name,
    operation: 'frame',
    operations: frames.length,
    ways: [decoding.way(levels), ...others],
  });
}

export async function bookFrames(results: Results, size: Size): Promise<void> {
  for (const work of drawnFrames(size)) compareOne(results, size, work);
  for (const work of await recordedFrames(size, (text) => results.note(text))) compareOne(results, size, work);
}
