// The WebAssembly program that checks the trades of a Batch and turns them into trade records.
//
// Source: schemas/wire.fbs; docs/venues/normalised.md. Why WebAssembly: decisions/0012.

import { RecordType, TradeFlag } from '../../../schemas/ids.ts';
import { trade } from '../../../schemas/market-data.ts';
import { ATTO_PER_MILLI, MILLI_MAX } from '../../base/decimal.ts';
import { FRAME_MEMORY_PAGES, frameMemory } from '../../decode/frame-memory.ts';
import { TIME_US_MAX } from '../../decode/time.ts';
import {
  type Code,
  f64,
  forever,
  giveBack,
  i32,
  run,
  type Variable,
  WasmModule,
  when,
} from '../../decode/wasm-code.ts';
import { WireTradeFlag, wireTrade } from './wire-layout.ts';

/** Highest code of Side. */
const SIDE_MAX = 2;

/** Bytes from the start of the wire's trade, and of the record. */
const from = (name: keyof typeof wireTrade.at, size: 4 | 8): number => wireTrade.at[name] * size;
const to = (name: keyof typeof trade.at): number => trade.at[name] * 8;

/** 1 where a double is from 0 to `max` without fraction; 0 for NaN, too. */
function isWhole(value: Code, max: number): Code {
  const isIn = i32.and(f64.atLeast(value, f64.of(0)), f64.atMost(value, f64.of(max)));
  return i32.and(isIn, f64.equal(f64.floor(value), value));
}

const isBit = (flags: Variable, bit: number, result: number): Code =>
  i32.multiply(i32.isZero(i32.isZero(i32.and(flags.get, i32.of(bit)))), i32.of(result));

/** Flags of the record, but for the side. */
function recordFlags(flags: Variable, matches: Variable): Code {
  return i32.or(
    i32.or(
      isBit(flags, WireTradeFlag.noId, TradeFlag.noId),
      isBit(flags, WireTradeFlag.offMarket, TradeFlag.offMarket),
    ),
    i32.or(
      isBit(flags, WireTradeFlag.history, TradeFlag.history),
      i32.multiply(i32.above(matches.get, i32.of(1)), i32.of(TradeFlag.aggregate)),
    ),
  );
}

/**
 * trades(at, count, row, index, market): reads the trades of the market with this index, at most `count` of the wire from
 * `at`, into records from `row` on; the receive time is left out. Stops before a trade of another market or one that is
 * not good; gives how many were read. Adding 0 turns a negative zero into zero.
 */
function program(): Uint8Array<ArrayBuffer> {
  const module = new WasmModule(FRAME_MEMORY_PAGES);
  module.procedure(['i32', 'i32', 'i32', 'i32', 'i32'], ([at, count, row, index, market], locals) => {
    const [done, side, flags, matches] = [locals.add('i32'), locals.add('i32'), locals.add('i32'), locals.add('i32')];
    const [milli, atto] = [locals.add('f64'), locals.add('f64')];
    const stopUnless = (condition: Code): Code => when(i32.isZero(condition), giveBack(done.get));
    const copy = (value: Code, name: keyof typeof trade.at): Code =>
      f64.store(row.get, f64.add(value, f64.of(0)), to(name));
    const decimal = (name: 'price' | 'quantity'): Code =>
      run(
        milli.set(f64.load(at.get, from(`${name}Milli`, 8))),
        atto.set(f64.load(at.get, from(`${name}Atto`, 8))),
        stopUnless(isWhole(milli.get, MILLI_MAX)),
        stopUnless(isWhole(atto.get, ATTO_PER_MILLI - 1)),
        stopUnless(f64.above(f64.add(milli.get, atto.get), f64.of(0))),
        copy(milli.get, `${name}Milli`),
        copy(atto.get, `${name}Atto`),
      );
    const word = (name: 'market' | 'side' | 'flags' | 'matches'): Code => i32.load(at.get, from(name, 4));
    const timeAndId = run(
      milli.set(f64.load(at.get, from('timeUs', 8))),
      stopUnless(isWhole(milli.get, TIME_US_MAX)),
      copy(milli.get, 'exchangeTimeUs'),
      milli.set(f64.load(at.get, from('id', 8))),
      stopUnless(isWhole(milli.get, Number.MAX_SAFE_INTEGER)),
      when(i32.and(flags.get, i32.of(WireTradeFlag.noId)), milli.set(f64.of(0))),
      copy(milli.get, 'id'),
    );
    const sideAndFlags = i32.shiftLeft(i32.or(side.get, recordFlags(flags, matches)), i32.of(8));
    const marketAndType = i32.or(i32.shiftLeft(market.get, i32.of(16)), i32.of(RecordType.trade));
    const header = run(
      i32.store(row.get, i32.or(marketAndType, sideAndFlags)),
      i32.store(row.get, i32.add(matches.get, i32.isZero(matches.get)), 4),
    );
    return forever(
      run(
        stopUnless(i32.below(done.get, count.get)),
        side.set(word('side')),
        flags.set(word('flags')),
        matches.set(word('matches')),
        stopUnless(i32.equal(word('market'), index.get)),
        stopUnless(i32.below(side.get, i32.of(SIDE_MAX + 1))),
        stopUnless(i32.below(flags.get, i32.of(WireTradeFlag.all + 1))),
        timeAndId,
        decimal('price'),
        decimal('quantity'),
        header,
        at.set(i32.add(at.get, i32.of(wireTrade.sizeBytes))),
        row.set(i32.add(row.get, i32.of(trade.sizeBytes))),
        done.set(i32.add(done.get, i32.of(1))),
      ),
    );
  });
  module.export('trades');
  return module.bytes();
}

/** Checks and turns the trades of the batch that lies in the frame memory. Allocates nothing. */
export const readTrades = new WebAssembly.Instance(new WebAssembly.Module(program()), {
  env: { memory: frameMemory },
}).exports['trades'] as (at: number, count: number, row: number, index: number, market: number) => number;
