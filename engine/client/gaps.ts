// Notices of loss the client makes itself, in the form of the engine's.

import type { Gap, StreamMessage } from '../../schemas/feed.ts';

/**
 * Reasons beside the engine's own `output-full`, `hole` and `slow`:
 * `client-slow`  the loop did not keep up, and the oldest messages went;
 * `reconnect`    the connection was lost, and the engine no longer held what was missed;
 * `missed`       a message's `prevSeq` was not the number held;
 * `checksum`     the book was not what the engine has, and is asked for anew.
 */
export type ClientGapReason = 'client-slow' | 'reconnect' | 'missed' | 'checksum';

/** Exchange and symbol of a channel: the venue ends at the first colon and begins after the last point before it. */
function addressOf(channel: string): { exchange: string; symbol: string } {
  const colon = channel.indexOf(':');
  if (colon < 0) return { exchange: '*', symbol: '*' };
  const from = channel.lastIndexOf('.', colon) + 1;
  return { exchange: channel.slice(from, colon), symbol: channel.slice(colon + 1) };
}

/** `lost` is 0 where no one knows how many; `seq` is that of the last lost message, `prevSeq` the last one told. */
export function gapOf(
  channel: string,
  reason: ClientGapReason,
  lost: number,
  seq: number,
  prevSeq: number | null,
  like?: StreamMessage,
): Gap {
  const address =
    like !== undefined && 'symbol' in like ? { exchange: like.exchange, symbol: like.symbol } : addressOf(channel);
  return { type: 'gap', ...address, reason, lost, timestamp: null, localTimestamp: null, channel, seq, prevSeq };
}
