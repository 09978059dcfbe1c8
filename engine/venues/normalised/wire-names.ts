// The market names of one batch: checked when the batch is opened, looked up once when a record first points to them. Hot path.

import { MARKETS_MAX } from '../../../schemas/config.ts';
import { FrameResult } from '../../../schemas/ids.ts';
import type { RecordSink } from '../../decode/sink.ts';
import { namedMarket } from './names.ts';
import { u32At } from './wire-frame.ts';

const COLON = 0x3a;

/** A market not looked up yet; ids and results are other numbers. */
const NOT_ASKED = -100;

export class WireNames {
  private readonly sink: RecordSink;
  private readonly ids = new Int32Array(MARKETS_MAX);
  private vectorAt = 0;

  constructor(sink: RecordSink) {
    this.sink = sink;
  }

  /** Takes the vector of strings at `at`. A name no record points to begins no market. */
  open(bytes: Uint8Array, end: number, at: number, count: number): number {
    if (count > MARKETS_MAX) return FrameResult.tooLarge;
    this.vectorAt = at;
    for (let i = 0; i < count; i++) {
      const place = at + 4 * i;
      const text = place + u32At(bytes, place);
      if (text <= place || text > end - 4 || (text & 3) !== 0) return FrameResult.shape;
      if (u32At(bytes, text) > end - text - 4) return FrameResult.shape;
      this.ids[i] = NOT_ASKED;
    }
    return 1;
  }

  /** The market of an index below the count given to open(), or a negative FrameResult. */
  market(bytes: Uint8Array, index: number): number {
    const id = this.ids[index];
    return id === NOT_ASKED ? this.ask(bytes, index) : id;
  }

  private ask(bytes: Uint8Array, index: number): number {
    const place = this.vectorAt + 4 * index;
    const text = place + u32At(bytes, place);
    const from = text + 4;
    const to = from + u32At(bytes, text);
    let colon = from;
    while (colon < to && bytes[colon] !== COLON) colon++;
    const id = colon === to ? FrameResult.shape : namedMarket(this.sink, bytes, from, colon, colon + 1, to);
    this.ids[index] = id;
    return id;
  }
}
