// What panels read from: the stream and HTTP of this engine alone, as the frame sees them.

import type { SubscriptionOptions } from '../../schemas/feed.ts';
import type { Read, Take } from './panel.ts';

export type Following = { close(): void };
/** Told with a sentence where the engine refuses a channel. */
export type Failed = (why: string) => void;

export type Source = {
  readonly isConnected: boolean;
  /** `performance.now()` of the last message of any channel. */
  readonly heardAt: number;
  readonly read: Read;
  follow<Channel extends string>(
    channel: Channel,
    options: SubscriptionOptions,
    take: Take<Channel>,
    failed?: Failed,
  ): Following;
};

/** Follows while the tab is seen: a hidden page asks for nothing. */
export function followWhileVisible(open: () => readonly Following[]): void {
  let followed: readonly Following[] = document.hidden ? [] : open();
  document.addEventListener('visibilitychange', () => {
    for (const each of followed) each.close();
    followed = document.hidden ? [] : open();
  });
}
