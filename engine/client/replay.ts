// The address of a replay (docs/replay.md).

import type { ReplayOptions } from './answers.ts';

function timeText(time: string | Date): string {
  return typeof time === 'string' ? time : time.toISOString();
}

export function replayPath({ from, to, markets, channels }: ReplayOptions): string {
  const query = new URLSearchParams();
  if (from !== undefined) query.set('from', timeText(from));
  if (to !== undefined) query.set('to', timeText(to));
  if (markets !== undefined) query.set('markets', markets.join(','));
  if (channels !== undefined) query.set('channels', channels.join(','));
  return query.size === 0 ? '/v1/replay' : `/v1/replay?${query}`;
}
