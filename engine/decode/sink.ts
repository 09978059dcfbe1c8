// Where decoders put records: the shape of the ingress frame writer, which decoders know by this type alone.

/**
 * Collects the records of one frame. A decoder claims slots, writes fields at the layout's offsets through the views,
 * and returns a FrameResult; the session then ends or abandons the frame, so nothing of a bad frame is ever seen.
 *
 * The views belong to the ring of the last claimed market's shard: read them from the sink after each claim().
 */
export interface RecordSink {
  u8: Uint8Array;
  u16: Uint16Array;
  u32: Uint32Array;
  f64: Float64Array;
  /** Engine time of the frame's reception; decoders copy it with `f64[...] = sink.frame[0]` to avoid boxing. */
  readonly frame: Float64Array;
  /**
   * The market with this symbol at the session's venue; a new one is kept only if the frame ends well.
   * Returns its id, or a negative FrameResult: `shape` for an impossible symbol, `unknownMarket` at the market limit.
   */
  market(bytes: Uint8Array, from: number, to: number): number;
  /** As market(), for dialects whose messages name the venue themselves. */
  marketOfVenue(bytes: Uint8Array, venueFrom: number, venueTo: number, from: number, to: number): number;
  /**
   * A slot in the ring of the market's shard, with type, market, flags 0 and count 0 written.
   * Returns the slot, or a negative FrameResult: `tooLarge` over the record limit, `dropped` when the ring stays full.
   * Offsets of a field: f64 at slot * SLOT_F64 + at, u32 at slot * SLOT_U32 + at, u16 at slot * SLOT_U16 + at, u8 at
   * slot * SLOT_BYTES + at.
   */
  claim(market: number, type: number): number;
  /**
   * Slots for `count` records of one type that follow one another in the views; their headers are the caller's to write
   * (slotHeader()). Returns the first, or a negative number where there is no such run: then claim() has the word, record
   * by record, as with a sink that lacks this.
   */
  claimRun?(market: number, type: number, count: number): number;
}

/** First word (u32) of a slot: type (u8), flags (u8), market (u16). Little-endian, checked in schemas/layout.ts. */
export function slotHeader(type: number, flags: number, market: number): number {
  return type | (flags << 8) | (market << 16);
}

/** Frame[RECEIVE] is the engine time in ns of the frame's reception. */
export const RECEIVE = 0;

/** Turns the frames of one connection into records. Made once per connection; holds what the dialect must remember. */
export interface FrameDecoder {
  /**
   * Decodes bytes[0..end), end being bytes.length. Returns a FrameResult. On a negative one nothing of the frame is kept;
   * else all records claimed are, also those of control and unknown frames: a counter of the connection may show a gap.
   */
  decode(bytes: Uint8Array, end: number): number;
  /**
   * The same for view[from..end) in the venue's own writing, read in words: a FrameResult, or 0 where the frame is none
   * of them; then decode() has the word, and what was claimed is abandoned first.
   */
  decodeInOrder?(view: DataView, from: number, end: number): number;
  /** A text that was sent on this connection, for venues whose counter also numbers requests (dYdX). */
  sent?(text: string): void;
  /** Number that the last frame says it has, -1 where it says none; absent in dialects that have no word for it. */
  readonly statedSequence?: number;
  /** Makes objects of classes that come to be while frames are decoded, by the class's name: an image may have more of them. */
  readonly stateClasses?: Readonly<Record<string, () => object>>;
  /** Each frame stands for itself: there is nothing to remember from one to the next. */
  readonly isStateless?: boolean;
  /** Breaks and repeats of the connection's own counter so far, where the venue has one. */
  readonly gaps?: number;
  readonly duplicates?: number;
}

export type DecoderFactory = (sink: RecordSink, venue: string) => FrameDecoder;
