// Limits of what is kept and read of the stream's subscribers, each with its reason.

/**
 * Ways of telling one channel at an interval that are kept for a resume after their last subscriber left. Each gathers what
 * the channel tells, so a client that goes from one option to the next must not leave more and more of them behind.
 */
export const IDLE_VIEWS_MAX = 8;

/** Lists and objects in one another in a request: an item of `args` is at 3. Far below what a stack of calls holds. */
export const REQUEST_NESTING_MAX = 16;
