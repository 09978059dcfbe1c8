// The WebAssembly program that scans trades, aggregates and depth changes written as Binance writes them.
//
//   [{"stream":"…","data":]{"e":"trade","E":…[,"T":…],"s":"…","t":…,"p":"…","q":"…"[,"T":…][,"X":"MARKET"],"m":…[,"M":…]}[}]
//   [{"stream":"…","data":]{"e":"aggTrade","E":…[,"a":…],"s":"…"[,"a":…],"p":"…","q":"…","f":…,"l":…,"T":…,"m":…[,"M":…]}[}]
//   [{"stream":"…","data":]{"e":"depthUpdate","E":…[,"T":…],"s":"…"[,"ps":"…"],"U":…,"u":…[,"pu":…],"b":[…],"a":[…]}[}]

import {
  FRAME_MEMORY_PAGES,
  frameMemory,
  frameView,
  ROW_BYTES,
  ROWS_AT,
  VALUES_AT,
} from '../../decode/frame-memory.ts';
import {
  type Code,
  forever,
  giveBack,
  i32,
  i64,
  run,
  type Variable,
  WasmModule,
  when,
} from '../../decode/wasm-code.ts';
import { addWords, failIf, failUnless, isText, type WasmWords, writePowers } from '../../decode/wasm-words.ts';
import { field } from './fields.ts';

/** What scan() found; 0 is none of them. */
export const Scanned = Object.freeze({ trade: 1, aggregate: 2, depth: 3 } as const);

/** Words (u32, from the start of the values) behind the numbers of fields.ts. */
export const scanned = Object.freeze({ symbolFrom: 96, symbolTo: 97, isMaker: 98, bids: 99, levels: 100 });

/** Word of a row behind its decimals: digits after the point of the price, then of the quantity, a byte each. */
export const ROW_DECIMALS_U32 = 8;

const FRAME_BYTES_MIN = 64;
const SYMBOL_BYTES_MAX = 16;
const QUOTE = 0x22;
const AT_SIGN = 0x40;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;
const ZERO = 0x30;
const NINE = 0x39;
const pairOf = (text: string): Code => i32.of(text.charCodeAt(0) | (text.charCodeAt(1) << 8));
const valueAt = (index: number): Code => i32.of(VALUES_AT + 8 * index);
const wordAt = (index: number): Code => i32.of(VALUES_AT + 4 * index);
const plus = (variable: Variable, count: number): Code => i32.add(variable.get, i32.of(count));
const isByte = (address: Code, byte: number): Code => i32.equal(i32.load8(address), i32.of(byte));

/** Sets `at` to what `value` gives, and fails where that is 0. */
const advance = (at: Variable, value: Code): Code => run(at.set(value), failIf(i32.isZero(at.get)));
const expectText = (at: Variable, text: string): Code =>
  run(failUnless(isText(at.get, text)), at.set(plus(at, text.length)));

type Call = (...values: readonly Code[]) => Code;

class Program {
  private readonly module = new WasmModule(FRAME_MEMORY_PAGES);
  private readonly words: WasmWords = addWords(this.module);
  private readonly row = this.module.global('i32');
  private readonly symbol: Call;
  private readonly nameSymbolEnd: Call;
  private readonly side: Call;

  constructor() {
    this.symbol = this.addSymbol();
    this.nameSymbolEnd = this.addNameSymbolEnd();
    this.side = this.addSide();
    this.addScan(this.addTrade(), this.addDepth());
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.module.bytes();
  }

  private integer(at: Variable, key: string, index: number): Code {
    return run(expectText(at, key), advance(at, this.words.integer(at.get, valueAt(index))));
  }

  private time(at: Variable, index: number): Code {
    return advance(at, this.words.time(at.get, valueAt(index)));
  }

  private decimal(at: Variable, key: string, index: number): Code {
    return run(expectText(at, key), advance(at, this.words.decimal(at.get, valueAt(index))));
  }

  /** (at, end): `,"s":"SYMBOL"`. */
  private addSymbol(): Call {
    return this.module.procedure(['i32', 'i32'], ([at, end], locals) => {
      const from = locals.add('i32');
      return run(
        expectText(at, ',"s":"'),
        from.set(at.get),
        advance(at, this.words.textEnd(at.get, end.get)),
        failIf(i32.equal(at.get, from.get)),
        failIf(i32.above(i32.subtract(at.get, from.get), i32.of(SYMBOL_BYTES_MAX))),
        i32.store(wordAt(scanned.symbolFrom), from.get),
        i32.store(wordAt(scanned.symbolTo), at.get),
        giveBack(plus(at, 1)),
      );
    });
  }

  /** (at): where the symbol of the name of a stream ends that begins at `at`: at its first `@`, or the name's own quote. */
  private addNameSymbolEnd(): Call {
    return this.module.procedure(['i32'], ([at]) => {
      const isEnd = i32.or(isByte(at.get, AT_SIGN), isByte(at.get, QUOTE));
      return forever(run(when(isEnd, giveBack(at.get)), at.set(plus(at, 1))));
    });
  }

  /** The last bytes of the frame: `}` and `wraps` more of them; then gives back `kind`. */
  private finish(at: Variable, end: Variable, wraps: Variable, kind: Code): Code {
    return run(
      failIf(i32.differ(i32.add(plus(at, 1), wraps.get), end.get)),
      failUnless(isByte(at.get, CLOSE_OBJECT)),
      when(wraps.get, failUnless(isByte(plus(at, 1), CLOSE_OBJECT))),
      giveBack(kind),
    );
  }

  /** `true` or `false`, told as 1 or 0 to `store`. */
  private boolean(at: Variable, store: (value: number) => Code): Code {
    return when(isText(at.get, 'true'), run(store(1), at.set(plus(at, 4))), run(expectText(at, 'false'), store(0)));
  }

  /** (at, end, wraps, isAggregate): from behind `"E":`. */
  private addTrade(): Call {
    return this.module.procedure(['i32', 'i32', 'i32', 'i32'], ([at, end, wraps, isAggregate], locals) => {
      const [hasTime, hasId] = [locals.add('i32'), locals.add('i32')];
      const id = (spot: (key: string) => Code): Code => when(isAggregate.get, spot(',"a":'), spot(',"t":'));
      const isZero = (index: number): Code =>
        i64.isZero(i64.or(i64.load(valueAt(index)), i64.load(valueAt(index + 1))));
      const early = (key: string): Code =>
        when(isText(at.get, key), run(this.integer(at, key, field.id), hasId.set(i32.of(1))));
      return run(
        this.time(at, field.eventTime),
        when(
          isText(at.get, ',"T":'),
          run(at.set(plus(at, 5)), this.time(at, field.tradeTime), hasTime.set(i32.of(1))),
          id(early),
        ),
        advance(at, this.symbol(at.get, end.get)),
        when(
          i32.isZero(hasId.get),
          id((key) => this.integer(at, key, field.id)),
        ),
        this.decimal(at, ',"p":"', field.price),
        this.decimal(at, ',"q":"', field.quantity),
        when(isAggregate.get, run(this.integer(at, ',"f":', field.firstId), this.integer(at, ',"l":', field.lastId))),
        when(i32.isZero(hasTime.get), run(expectText(at, ',"T":'), this.time(at, field.tradeTime))),
        when(isText(at.get, ',"X":"MA'), expectText(at, ',"X":"MARKET"')),
        expectText(at, ',"m":'),
        this.boolean(at, (value) => i32.store(wordAt(scanned.isMaker), i32.of(value))),
        when(
          isText(at.get, ',"M":'),
          run(
            at.set(plus(at, 5)),
            this.boolean(at, () => []),
          ),
        ),
        failIf(isZero(field.price)),
        failIf(isZero(field.quantity)),
        this.finish(at, end, wraps, i32.add(i32.of(Scanned.trade), isAggregate.get)),
      );
    });
  }

  /** (at, end): one side's list after its `[`, into rows; gives the offset after its `]`. */
  private addSide(): Call {
    return this.module.procedure(['i32', 'i32'], ([at, end], locals) => {
      const [row, pair] = [locals.add('i32'), locals.add('i32')];
      const { decimal, decimals } = this.words;
      const level = run(
        // Offsets only grow, so what lies between is no more than a frame: the rows have room for it.
        failIf(i32.isZero(i32.below(at.get, end.get))),
        failIf(i32.differ(i32.load16(at.get), pairOf('["'))),
        advance(at, decimal(plus(at, 2), row.get)),
        failIf(i64.isZero(i64.or(i64.load(row.get), i64.load(row.get, 8)))),
        i32.store(row.get, decimals.get, 4 * ROW_DECIMALS_U32),
        failIf(i32.differ(i32.load16(at.get), pairOf(',"'))),
        advance(at, decimal(plus(at, 2), plus(row, 16))),
        i32.store(
          row.get,
          i32.or(i32.load(row.get, 4 * ROW_DECIMALS_U32), i32.shiftLeft(decimals.get, i32.of(8))),
          4 * ROW_DECIMALS_U32,
        ),
        row.set(plus(row, ROW_BYTES)),
        pair.set(i32.load16(at.get)),
        at.set(plus(at, 2)),
        when(i32.equal(pair.get, pairOf(']]')), run(this.row.set(row.get), giveBack(at.get))),
        failIf(i32.differ(pair.get, pairOf('],'))),
      );
      return run(when(isByte(at.get, CLOSE_ARRAY), giveBack(plus(at, 1))), row.set(this.row.get), forever(level));
    });
  }

  /** (at, end, nameAt, isFutures): from behind `"E":`; nameAt is where the name of the stream begins, 0 where there is none. */
  private addDepth(): Call {
    return this.module.procedure(['i32', 'i32', 'i32', 'i32'], ([at, end, nameAt, isFutures], locals) => {
      const wraps = locals.add('i32');
      const storeRows = (index: number): Code =>
        i32.store(wordAt(index), i32.divide(i32.subtract(this.row.get, i32.of(ROWS_AT)), i32.of(ROW_BYTES)));
      const digit = i32.load8(plus(nameAt, '@depth'.length));
      // `@depth` and a digit behind the symbol: a partial book, which is a snapshot.
      const failIfPartial = run(
        wraps.set(i32.of(1)),
        nameAt.set(this.nameSymbolEnd(nameAt.get)),
        failIf(
          i32.and(isText(nameAt.get, '@dep'), i32.below(i32.subtract(digit, i32.of(ZERO)), i32.of(NINE - ZERO + 1))),
        ),
      );
      return run(
        this.row.set(i32.of(ROWS_AT)),
        this.time(at, field.eventTime),
        when(isText(at.get, ',"T":'), run(at.set(plus(at, 5)), this.time(at, field.tradeTime))),
        advance(at, this.symbol(at.get, end.get)),
        when(
          i32.and(isFutures.get, isText(at.get, ',"ps":"')),
          run(at.set(plus(at, 7)), advance(at, this.words.textEnd(at.get, end.get)), at.set(plus(at, 1))),
        ),
        this.integer(at, ',"U":', field.firstSequence),
        this.integer(at, ',"u":', field.lastSequence),
        when(isFutures.get, this.integer(at, ',"pu":', field.previousSequence)),
        // Doubles from 0 up stand in the order of their bits.
        failIf(i64.above(i64.load(valueAt(field.firstSequence)), i64.load(valueAt(field.lastSequence)))),
        when(nameAt.get, failIfPartial),
        expectText(at, ',"b":['),
        advance(at, this.side(at.get, end.get)),
        storeRows(scanned.bids),
        expectText(at, ',"a":['),
        advance(at, this.side(at.get, end.get)),
        storeRows(scanned.levels),
        this.finish(at, end, wraps, i32.of(Scanned.depth)),
      );
    });
  }

  /** scan(from, end, isFutures): what the frame at from..end holds, as Scanned, or 0. */
  private addScan(trade: Call, depth: Call): void {
    this.module.procedure(['i32', 'i32', 'i32'], ([from, end, isFutures], locals) => {
      const [at, nameAt, wraps] = [locals.add('i32'), locals.add('i32'), locals.add('i32')];
      const wrapper = run(
        at.set(from.get),
        expectText(at, '{"stream":"'),
        nameAt.set(at.get),
        advance(at, this.words.textEnd(at.get, end.get)),
        expectText(at, '","data":{"e":"'),
        wraps.set(i32.of(1)),
      );
      const event = (key: string, result: (behind: Code) => Code): Code =>
        when(isText(at.get, key), giveBack(result(plus(at, key.length))));
      return run(
        failIf(i32.below(i32.subtract(end.get, from.get), i32.of(FRAME_BYTES_MIN))),
        when(isText(from.get, '{"e":"'), at.set(plus(from, 6)), wrapper),
        event('trade","E":', (behind) => trade(behind, end.get, wraps.get, i32.of(0))),
        event('depthUpdate","E":', (behind) => depth(behind, end.get, nameAt.get, isFutures.get)),
        event('aggTrade","E":', (behind) => trade(behind, end.get, wraps.get, i32.of(1))),
        giveBack(i32.of(0)),
      );
    });
    this.module.export('scan');
  }
}

writePowers(frameView);

/** Scans the frame at from..end of the frame memory. Allocates nothing. */
export const scan = new WebAssembly.Instance(new WebAssembly.Module(new Program().bytes()), {
  env: { memory: frameMemory },
}).exports['scan'] as (from: number, end: number, isFutures: number) => number;
