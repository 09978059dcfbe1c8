// Limits of what is kept and read of the stream's subscribers, each with its reason.

/**
 * Ways of telling one channel at an interval that are kept for a resume after their last subscriber left. Each gathers what
 * the channel tells, so a client that goes from one option to the next must not leave more and more of them behind.
 */
export const IDLE_VIEWS_MAX = 8;

/** Lists and objects in one another in a request: an item of `args` is at 3. Far below what a stack of calls holds. */
export const REQUEST_NESTING_MAX = 16;

/**
 * Books of one shard that are on their way to `depth` channels and views at once. What else the shard writes waits behind
 * their answers on main, at 10 to 70 µs each (20 levels a side, measured 2026-11): about a millisecond.
 */
export const DEPTH_ASKED_MAX = 16;

/**
 * Part of main's time that `depth` channels and views may take to tell what was answered. They are the only messages that
 * come without anything having happened: a thousand of them each 10 ms would be several seconds of work a second.
 */
export const DEPTH_SHARE_MAX = 0.4;
