// How much dearer than our decoder is JSON.parse and mapping, or a library, on the same bytes of one venue's book frames?
//
//   frame bytes ──► decoder ──► ring records                          (ours)
//               ──► TextDecoder, JSON.parse ──► plain object          (baseline)
//               ──► TextDecoder, JSON.parse ──► tardis-dev, ccxt      (where they have the exchange)
//
// All take turns in one thread and one run; ratios are taken round by round. Before that each frame's levels are counted
// and summed in all of them, and must agree.

import { decimalToFloat } from '../../engine/base/decimal.ts';
import type { FrameDecoder } from '../../engine/decode/sink.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { FrameResult, LevelFlag, RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../schemas/layout.ts';
import { level } from '../../schemas/market-data.ts';
import { check, type Results, type Size } from '../harness.ts';
import { decodeAll, decodeFrame, RecordBuffer, type Stage, stageOf } from '../support/record-buffer.ts';
import { type Turn, takeTurns } from '../support/turns.ts';
import type { BookFrames } from './drawn.ts';
import { FORMS, type Form } from './forms.ts';
import { CcxtParser, type Parser, TardisParser } from './libraries.ts';
import { addLevel, areEqual, type Digest, emptyDigest, type PlainBook } from './plain-book.ts';

const RATIO_AIM = '≥ 5';
const text = new TextDecoder();
const parse = (frame: Uint8Array): unknown => JSON.parse(text.decode(frame));

type Levels = Pick<PlainBook, 'bids' | 'asks'>;

function digestOf({ bids, asks }: Levels): Digest {
  const digest = emptyDigest();
  for (const { price, amount } of bids) addLevel(digest, false, price, amount);
  for (const { price, amount } of asks) addLevel(digest, true, price, amount);
  return digest;
}

/** Our decoder with its own records; a new one for each run, since connections count their messages. */
class Decoding {
  readonly sink = new RecordBuffer();
  readonly stage: Stage;
  private readonly work: BookFrames;
  private readonly before: Stage;
  private decoder: FrameDecoder;

  constructor(work: BookFrames) {
    this.work = work;
    this.stage = stageOf(work.frames);
    this.before = stageOf(work.before);
    this.decoder = this.prepare();
  }

  prepare(): FrameDecoder {
    this.decoder = DECODERS[this.work.dialect](this.sink, this.work.dialect);
    decodeAll(this.decoder, this.sink, this.before);
    return this.decoder;
  }

  run(): number {
    return decodeAll(this.decoder, this.sink, this.stage);
  }

  /** Each frame's levels, read back from its records. */
  digests(): Digest[] {
    const decoder = this.prepare();
    let from = 0;
    return this.work.frames.map((frame, index) => {
      this.sink.next = 0;
      const end = from + frame.length;
      const result = decodeFrame(decoder, this.sink, this.stage, from, end);
      check(result === FrameResult.applied, `${this.work.name}, frame ${index}: expected applied, was ${result}`);
      from = end;
      return this.digest();
    });
  }

  private digest(): Digest {
    const { u8, f64, next } = this.sink;
    const digest = emptyDigest();
    for (let slot = 0; slot < next; slot++) {
      if (u8[slot * SLOT_BYTES] !== RecordType.level) continue;
      const isAsk = (u8[slot * SLOT_BYTES + level.at.flags] & LevelFlag.ask) !== 0;
      const at = slot * SLOT_F64;
      const price = decimalToFloat(f64[at + level.at.priceMilli], f64[at + level.at.priceAtto]);
      addLevel(digest, isAsk, price, decimalToFloat(f64[at + level.at.quantityMilli], f64[at + level.at.quantityAtto]));
    }
    return digest;
  }
}

function parsersOf({ tardis, ccxt }: Form): Parser[] {
  const parsers: Parser[] = [];
  if (tardis !== null) parsers.push(new TardisParser(tardis));
  if (ccxt !== null) parsers.push(new CcxtParser(ccxt));
  return parsers;
}

/** Returns the number of levels that each run must come to. */
function compareAnswers({ name, frames, before, form }: BookFrames, decoding: Decoding, parsers: Parser[]): number {
  const wanted = frames.map((frame) => digestOf(FORMS[form].map(parse(frame))));
  decoding.digests().forEach((digest, index) => {
    const isRight = areEqual(digest, wanted[index]);
    check(isRight, `${name}, frame ${index}: expected ${text.decode(frames[index])}, was ${JSON.stringify(digest)}`);
  });
  for (const parser of parsers) {
    parser.prepare(before.map(parse), frames.map(parse));
    frames.forEach((frame, index) => {
      const digest = digestOf(parser.map(parse(frame)));
      check(areEqual(digest, wanted[index]), `${name}, frame ${index}: expected the same levels of ${parser.name}`);
    });
  }
  return wanted.reduce((sum, { bids, asks }) => sum + bids + asks, 0);
}

function ownTurn(decoding: Decoding, { name, frames }: BookFrames, levels: number): Turn {
  return {
    prepare() {
      decoding.prepare();
      decoding.sink.levels = 0;
    },
    run() {
      check(decoding.run() === frames.length, `${name}: expected every frame applied`);
      check(decoding.sink.levels === levels, `${name}: expected ${levels} levels, was ${decoding.sink.levels}`);
    },
  };
}

function turnOf(
  name: string,
  frames: readonly Uint8Array[],
  levels: number,
  map: (message: unknown) => { readonly bids: { readonly length: number }; readonly asks: { readonly length: number } },
  prepare: () => void,
): Turn {
  return {
    prepare,
    run() {
      let sum = 0;
      for (const frame of frames) {
        const { bids, asks } = map(JSON.parse(text.decode(frame)));
        sum += bids.length + asks.length;
      }
      check(sum === levels, `${name}: expected ${levels} levels, was ${sum}`);
    },
  };
}

function parserTurn(parser: Parser, { name, frames, before }: BookFrames, levels: number): Turn {
  const first = before.map(parse);
  const messages = frames.map(parse);
  const map = parser instanceof CcxtParser ? parser.parse.bind(parser) : parser.map.bind(parser);
  return turnOf(`${name}, ${parser.name}`, frames, levels, map, () => parser.prepare(first, messages));
}

export function venueFrames(results: Results, size: Size, work: BookFrames): void {
  const { name, frames } = work;
  const form: Form = FORMS[work.form];
  const parsers = parsersOf(form);
  const decoding = new Decoding(work);
  const levels = compareAnswers(work, decoding, parsers);
  const baseline = turnOf(`${name}, baseline`, frames, levels, form.map, () => {});
  const turns = [ownTurn(decoding, work, levels), baseline];
  for (const parser of parsers) turns.push(parserTurn(parser, work, levels));
  const [ours, plain, ...others] = takeTurns(turns, size).map((times) => times.map((ms) => (ms * 1e6) / frames.length));
  const sizeBytes = frames.reduce((sum, frame) => sum + frame.length, 0) / frames.length;
  results.note(
    `${name}: ${frames.length} frames, ${Math.round(sizeBytes)} bytes and ${(levels / frames.length).toFixed(1)} levels each`,
  );
  results.add(`${name}: decode to records`, 'ns/frame', ours);
  results.add(`${name}: JSON.parse and mapping`, 'ns/frame', plain);
  results.ratio(`${name}: baseline / decode`, plain, ours, 'JSON.parse + mapping', RATIO_AIM);
  others.forEach((times, index) => {
    results.add(`${name}: ${parsers[index].name}`, 'ns/frame', times);
    results.ratio(`${name}: ${parsers[index].name} / decode`, times, ours, parsers[index].name);
  });
}
