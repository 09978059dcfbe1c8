// Limits of what is assumed of venue connections, each with its reason.

/**
 * The clock of a venue and ours may differ by this much, and what a venue sends be this much older than the frame it sends
 * before: a loss reaches back so far before our own time of it. Hosts that keep time by NTP are within 100 ms of one another;
 * the rest is for messages on their way.
 */
export const CLOCKS_DIFFER_MS = 1_000;
