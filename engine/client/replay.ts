// The address of a replay (docs/replay.md).

import type { ReplayOptions } from './answers.ts';

function timeText(time: string | Date): string {
  return typeof time === 'string' ? time : time.toISOString();
}

export function replayPath({ from, to, markets, channels }: ReplayOptions): string {
  const fields: Record<string, string> = { from: timeText(from), to: timeText(to), markets: markets.join(',') };
  if (channels !== undefined) fields['channels'] = channels.join(',');
  return `/v1/replay?${new URLSearchParams(fields)}`;
}
