// Decodes the frames of one Kraken connection: arrays are v1 data, objects are v2 messages or v1 events. Hot path.

import { FrameResult } from '../../../schemas/ids.ts';
import { documentEnd, OPEN_ARRAY, OPEN_OBJECT, skipSpace, skipValue } from '../../decode/scan.ts';
import type { FrameDecoder, RecordSink } from '../../decode/sink.ts';
import { refusal } from '../../decode/walk.ts';
import { ArrayFrames } from './arrays.ts';

import { ObjectMessages } from './objects.ts';
import { V1InOrder } from './v1-in-order.ts';

export class KrakenDecoder implements FrameDecoder {
  private readonly arrays: ArrayFrames;
  private readonly objects: ObjectMessages;
  private readonly v1InOrder: V1InOrder;

  constructor(sink: RecordSink, _venue: string) {
    this.arrays = new ArrayFrames(sink);
    this.objects = new ObjectMessages(sink);
    this.v1InOrder = new V1InOrder(sink);
  }

  decodeInOrder(view: DataView, from: number, end: number): number {
    if (from >= end) return 0;
    const isArray = view.getUint8(from) === OPEN_ARRAY;
    return isArray ? this.v1InOrder.decode(view, from, end) : this.objects.decodeInOrder(view, from, end);
  }

  decode(bytes: Uint8Array, end: number): number {
    const result = this.frame(bytes, end);
    return result < 0 ? refusal(bytes, end, result) : result;
  }

  private frame(bytes: Uint8Array, end: number): number {
    const at = skipSpace(bytes, 0, end);
    if (at >= end) return FrameResult.syntax;
    if (bytes[at] === OPEN_ARRAY) return this.arrays.decode(bytes, at, end);
    if (bytes[at] === OPEN_OBJECT) return this.objects.decode(bytes, at, end);
    const after = skipValue(bytes, at, end);
    return after < 0 || documentEnd(bytes, after, end) < 0 ? FrameResult.syntax : FrameResult.shape;
  }
}
