// How one subscription is told (`interval`, `depth`, `checksum`): reads the options of a request, and says what is wrong.

import type { Channel, ChannelError } from './channels.ts';
import { DEPTH_INTERVAL_MS_MAX, DEPTH_INTERVAL_MS_MIN, DEPTH_LEVELS_MAX, intervalOf } from './channels.ts';

/** What of a channel its subscribers are told. */
export type View = {
  /** At most one message in this time; 0 tells each. */
  readonly intervalMs: number;
  /** The best levels a side of a book; 0 is all. */
  readonly depth: number;
  readonly hasChecksum: boolean;
  /**
   * What is before the channel in the names of its topics; empty for the channel as it is. It begins with a digit, as no
   * channel does: behind the channel it could be the end of a market's name.
   */
  readonly prefix: string;
};

export const PLAIN_VIEW: View = { intervalMs: 0, depth: 0, hasChecksum: true, prefix: '' };
/** Where `depth` comes without an `interval`. */
const DEPTH_INTERVAL_MS = 100;

export type OptionError = { readonly category: ChannelError['category'] | 'type'; readonly message: string };

/** An item of `args` taken apart. */
export type ReadItem = { readonly channel: string; readonly options: Readonly<Record<string, unknown>> };

const OPTIONS: readonly string[] = ['interval', 'depth', 'checksum'];
/** Values in messages: as long as any that could have been meant. */
const SHOWN_LENGTH = 80;

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, SHOWN_LENGTH);

/** The options that a request carries for all its items that are text. */
export function sharedOptions(request: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(OPTIONS.filter((name) => name in request).map((name) => [name, request[name]]));
}

/** `also` are keys an item may have beside its channel and options. */
export function readItem(
  item: unknown,
  shared: Readonly<Record<string, unknown>> = {},
  also: readonly string[] = [],
): ReadItem | OptionError {
  if (typeof item === 'string') return { channel: item, options: shared };
  if (typeof item !== 'object' || item === null || !('channel' in item) || typeof item.channel !== 'string') {
    return { category: 'shape', message: 'expected a channel as text or {channel, …}' };
  }
  const { channel, ...options } = item;
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name) && !also.includes(name));
  if (unknown === undefined) return { channel, options };
  return { category: 'shape', message: `expected options ${OPTIONS.join(', ')}, was ${shown(unknown)}` };
}

/** The view that the options ask for of a channel. */
export function viewOf({ channel: text, options }: ReadItem, channel: Channel): View | OptionError {
  const { interval, depth, checksum } = options;
  if (interval === undefined && depth === undefined && checksum === undefined) return PLAIN_VIEW;
  const error = intervalError(interval, channel, text) ?? depthError(depth, channel, text);
  if (error !== null) return error;
  if (checksum !== undefined && typeof checksum !== 'boolean') {
    return { category: 'type', message: `checksum: expected true or false, was ${shown(checksum)}` };
  }
  if (checksum !== undefined && channel.kind !== 'book') return notBook('checksum', text);
  const intervalMs = typeof interval === 'string' ? intervalOf(interval) : depth === undefined ? 0 : DEPTH_INTERVAL_MS;
  return makeView(intervalMs, Number(depth ?? 0), checksum !== false);
}

function makeView(intervalMs: number, depth: number, hasChecksum: boolean): View {
  if (intervalMs === 0 && hasChecksum) return PLAIN_VIEW;
  return { intervalMs, depth, hasChecksum, prefix: `${intervalMs}|${depth}|${hasChecksum ? 1 : 0}|` };
}

function notBook(option: string, channel: string): OptionError {
  return { category: 'range', message: `${option}: expected a book channel, was ${shown(channel)}` };
}

function intervalError(interval: unknown, channel: Channel, text: string): OptionError | null {
  if (interval === undefined) return null;
  if (channel.kind === 'trade') {
    return { category: 'range', message: `interval: expected a channel other than trade, was ${shown(text)}` };
  }
  if (typeof interval !== 'string') {
    return { category: 'type', message: `interval: expected text such as "100ms", was ${shown(interval)}` };
  }
  const intervalMs = intervalOf(interval);
  if (intervalMs >= DEPTH_INTERVAL_MS_MIN && intervalMs <= DEPTH_INTERVAL_MS_MAX) return null;
  return { category: 'range', message: `interval: expected 10ms to 60m, was ${shown(interval)}` };
}

function depthError(depth: unknown, channel: Channel, text: string): OptionError | null {
  if (depth === undefined) return null;
  if (channel.kind !== 'book') return notBook('depth', text);
  if (typeof depth !== 'number') return { category: 'type', message: `depth: expected a number, was ${shown(depth)}` };
  const isLevels = Number.isInteger(depth) && depth >= 1 && depth <= DEPTH_LEVELS_MAX;
  if (isLevels) return null;
  return { category: 'range', message: `depth: expected 1 to ${DEPTH_LEVELS_MAX} levels, was ${shown(depth)}` };
}
