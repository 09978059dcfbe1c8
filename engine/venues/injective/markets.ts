// Reads the lists of markets that a connection is told, for the decimals of their tokens.
//
// Accepted, as answered by the indexer (`baseTokenMeta.decimals`, `quoteTokenMeta.decimals`) and by the LCD v2
// (`base_decimals`, `quote_decimals`, derivatives inside `market`), and the short form with `baseDecimals`,
// `quoteDecimals` (docs/venues/injective.md). Decimals of 0 stand for not set: such a market stays unknown.

import { FrameResult } from '../../../schemas/ids.ts';
import { ObjectList } from '../../decode/object-reader.ts';
import { integerAny, OPEN_OBJECT, skipValue } from '../../decode/scan.ts';
import { textEnd } from '../../decode/walk.ts';
import { NameTable } from './names.ts';
import type { Shared } from './shared.ts';

const NAMES = new NameTable([
  'marketId',
  'baseDecimals',
  'quoteDecimals',
  'baseTokenMeta',
  'quoteTokenMeta',
  'market',
  'decimals',
  'baseDenom',
  'oracleBase',
]);
const Name = {
  marketId: 0,
  baseDecimals: 1,
  quoteDecimals: 2,
  baseTokenMeta: 3,
  quoteTokenMeta: 4,
  market: 5,
  decimals: 6,
  baseDenom: 7,
  oracleBase: 8,
} as const;

const HAS_ID = 1;
const HAS_BASE = 2;
const HAS_QUOTE = 4;
const IS_SPOT = 8;
const IS_DERIVATIVE = 16;

/** No token has more (an ERC-20 says it in a byte, those in use have up to 18; 10^38 is beyond every number here). */
const DECIMALS_MAX = 36;
const BASE = 0;
const QUOTE = 1;

export class MarketList extends ObjectList {
  private readonly shared: Shared;
  private readonly decimals = new Float64Array(2);
  private idFrom = 0;
  private idTo = 0;
  /** Whose decimals a `decimals` inside token data are. */
  private meta = BASE;
  private isKept = false;

  constructor(shared: Shared) {
    super();
    this.shared = shared;
  }

  /** Reads the list at `at`; its markets are remembered where `isKept`. Returns the offset after it, or a FrameResult. */
  decode(bytes: Uint8Array, at: number, end: number, isKept: boolean): number {
    this.isKept = isKept;
    return this.entries(bytes, at, end);
  }

  protected override beginEntry(): number {
    this.decimals.fill(0);
    return super.beginEntry();
  }

  protected member(bytes: Uint8Array, from: number, to: number, at: number, end: number): number {
    const name = NAMES.find(bytes, from, to);
    switch (name) {
      case Name.marketId:
        return this.id(bytes, at, end);
      case Name.baseDecimals:
        return this.number(HAS_BASE, bytes, at, end, BASE);
      case Name.quoteDecimals:
        return this.number(HAS_QUOTE, bytes, at, end, QUOTE);
      case Name.baseTokenMeta:
        return this.nested(bytes, at, end, BASE);
      case Name.quoteTokenMeta:
        return this.nested(bytes, at, end, QUOTE);
      case Name.market:
        return this.nested(bytes, at, end, this.meta);
      case Name.decimals:
        return this.number(this.meta === BASE ? HAS_BASE : HAS_QUOTE, bytes, at, end, this.meta);
      default:
        if (name === Name.baseDenom) this.seen |= IS_SPOT;
        if (name === Name.oracleBase) this.seen |= IS_DERIVATIVE;
        return skipValue(bytes, at, end);
    }
  }

  /** LCD and indexer may have neither token data nor market: null. */
  private nested(bytes: Uint8Array, at: number, end: number, meta: number): number {
    if (bytes[at] !== OPEN_OBJECT) return skipValue(bytes, at, end);
    this.meta = meta;
    return this.members(bytes, at, end);
  }

  private id(bytes: Uint8Array, at: number, end: number): number {
    // Further objects of a derivative market (funding, expiry) repeat the id.
    if (!this.once(HAS_ID)) return skipValue(bytes, at, end);
    const close = textEnd(bytes, at, end);
    if (close < 0) return close;
    this.idFrom = at + 1;
    this.idTo = close;
    return close + 1;
  }

  private number(bit: number, bytes: Uint8Array, at: number, end: number, index: number): number {
    if (!this.once(bit)) return FrameResult.shape;
    const after = integerAny(bytes, at, end, this.decimals, index);
    return after >= 0 && this.decimals[index] > DECIMALS_MAX ? FrameResult.range : after;
  }

  protected endEntry(bytes: Uint8Array): number {
    if ((this.seen & HAS_ID) === 0) return FrameResult.missingField;
    const { shared, decimals } = this;
    const read = shared.id.read(bytes, this.idFrom, this.idTo);
    if (read < 0) return read;
    if (!this.isKept || decimals[QUOTE] === 0) return 1;
    const isSpot = (this.seen & (HAS_BASE | IS_SPOT)) !== 0 && (this.seen & IS_DERIVATIVE) === 0;
    // A spot market with one token unknown stays unknown: it must not be taken for a derivative.
    if (isSpot && decimals[BASE] === 0) return 1;
    const hasRoom = isSpot
      ? shared.table.addSpot(shared.id, decimals[BASE], decimals[QUOTE])
      : shared.table.addDerivative(shared.id, decimals[QUOTE]);
    return hasRoom ? 1 : FrameResult.tooLarge;
  }
}
