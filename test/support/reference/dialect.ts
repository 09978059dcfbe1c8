// Owns what every venue dialect of the referee offers: one frame in, its class out.
import { isObject, type Json, JsonNumber, type JsonObject } from './json.ts';
import { type Level, makeLevel } from './ladder.ts';
import { Rejected } from './rejection.ts';

/** Whether a frame was understood; malformed ones throw `Rejected` before anything is applied. */
export type FrameClass = 'applied' | 'control' | 'ignored' | 'unknown';

export type Dialect = {
  frame(document: Json, receiveTimeUs: number | null, connection: string): FrameClass;
  /** A frame that is no JSON; null where the text is none that the venue sends. */
  plain?(text: string): FrameClass | null;
  /** A book snapshot fetched by REST; null where the venue has none. */
  snapshot: ((symbol: string, document: JsonObject) => void) | null;
  /** A connection was made anew: its counters start again. */
  open(connection: string): void;
};

/** A level sent as an array that begins with price and quantity. */
export function arrayLevel(value: Json): Level {
  if (!Array.isArray(value) || value.length < 2) throw new Rejected('shape', 'expected [price, quantity]');
  return makeLevel(levelText(value[0]), levelText(value[1]));
}

function levelText(value: Json): string {
  if (value instanceof JsonNumber) return value.text;
  if (typeof value !== 'string') throw new Rejected('type', 'expected price and quantity of a level');
  return value;
}

/** The book snapshot of a REST answer, or null where the text is something else. */
export function asBookSnapshot(document: Json): JsonObject | null {
  if (!isObject(document)) return null;
  return document.has('lastUpdateId') && document.has('bids') && document.has('asks') ? document : null;
}
