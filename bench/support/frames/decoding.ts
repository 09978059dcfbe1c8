// Our decoder over book frames of one venue, and the digests by which every other pipeline must agree with it.

import { decimalToFloat } from '../../../engine/base/decimal.ts';
import type { FrameDecoder } from '../../../engine/decode/sink.ts';
import { DECODERS } from '../../../engine/ingress/decoders.ts';
import { FrameResult, LevelFlag, RecordType } from '../../../schemas/ids.ts';
import { SLOT_BYTES, SLOT_F64 } from '../../../schemas/layout.ts';
import { level } from '../../../schemas/market-data.ts';
import { check } from '../../harness.ts';
import { decodeAll, decodeFrame, RecordBuffer, type Stage, stageOf } from '../record-buffer.ts';
import type { Way } from '../turns.ts';
import type { BookFrames } from './drawn.ts';
import { FORMS } from './forms.ts';
import { addLevel, areEqual, type Digest, emptyDigest, type PlainBook } from './plain-book.ts';

const text = new TextDecoder();

/** What every JSON pipeline pays at least. */
export const parseFrame = (frame: Uint8Array): unknown => JSON.parse(text.decode(frame));

export function digestOf({ bids, asks }: Pick<PlainBook, 'bids' | 'asks'>): Digest {
  const digest = emptyDigest();
  for (const { price, amount } of bids) addLevel(digest, false, price, amount);
  for (const { price, amount } of asks) addLevel(digest, true, price, amount);
  return digest;
}

/** Our decoder with its own records; a new one for each run, since connections count their messages. */
export class Decoding {
  private readonly sink = new RecordBuffer();
  private readonly stage: Stage;
  private readonly work: BookFrames;
  private readonly before: Stage;
  private decoder: FrameDecoder;

  constructor(work: BookFrames) {
    this.work = work;
    this.stage = stageOf(work.frames);
    this.before = stageOf(work.before);
    this.decoder = this.prepare();
  }

  /** The way of the engine; `levels` is what each run must come to. */
  way(levels: number): Way {
    const { work, sink } = this;
    return {
      name: 'decode to records',
      prepare: () => {
        this.prepare();
        sink.levels = 0;
      },
      run: () => {
        const applied = decodeAll(this.decoder, sink, this.stage);
        check(applied === work.frames.length, `${work.name}: expected every frame applied, was ${applied}`);
        check(sink.levels === levels, `${work.name}: expected ${levels} levels, was ${sink.levels}`);
      },
    };
  }

  /** Compares each frame's levels with what plain mapping makes of them; returns the digests. */
  compareWithMapping(): Digest[] {
    const { name, form, frames } = this.work;
    const wanted = frames.map((frame) => digestOf(FORMS[form].map(parseFrame(frame))));
    this.digests().forEach((digest, index) => {
      const isRight = areEqual(digest, wanted[index]);
      check(isRight, `${name}, frame ${index}: expected ${text.decode(frames[index])}, was ${JSON.stringify(digest)}`);
    });
    return wanted;
  }

  private prepare(): FrameDecoder {
    this.decoder = DECODERS[this.work.dialect](this.sink, this.work.dialect);
    decodeAll(this.decoder, this.sink, this.before);
    return this.decoder;
  }

  /** Each frame's levels, read back from its records. */
  private digests(): Digest[] {
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

export const levelsIn = (digests: readonly Digest[]): number =>
  digests.reduce((sum, { bids, asks }) => sum + bids + asks, 0);

type Sides = { readonly bids: { readonly length: number }; readonly asks: { readonly length: number } };

/** A way that parses each frame as JSON and maps it. */
export function jsonWay(
  { name: work, frames }: BookFrames,
  levels: number,
  way: Omit<Way, 'run'>,
  map: (message: unknown) => Sides,
): Way {
  const run = (): void => {
    let sum = 0;
    for (const frame of frames) {
      const { bids, asks } = map(parseFrame(frame));
      sum += bids.length + asks.length;
    }
    check(sum === levels, `${work}, ${way.name}: expected ${levels} levels, was ${sum}`);
  };
  return { ...way, run };
}
