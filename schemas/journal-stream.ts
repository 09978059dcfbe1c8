// Limits of `/v1/journal` and of those who record from it, each with unit, reason and relation to the others.

/**
 * Streams of the journal's blocks at once on an engine: each is a process that reads files, some 100 MB, at low priority, and may
 * hold two segments on the disk that the bounds have taken away. One recorder, and one to hand over to.
 */
export const JOURNAL_STREAMS_MAX = 2;

/** A stream that has given all there is looks for more this often: a look costs microseconds, and blocks gather for 5 ms. */
export const JOURNAL_FOLLOW_MS = 20;

/** Zeros are written after so long without a block, so that neither side takes the other for dead. */
export const JOURNAL_BEAT_MS = 2_000;

/** A recorder that hears nothing for so long connects anew: several beats, and the start of a process on a busy machine. */
export const JOURNAL_SILENCE_MS = 20_000;

/**
 * Bytes of small writes behind which zeros make a large one: uWebSockets.js tells only of large ones whether the client takes
 * them (engine/publish/streamed-response.ts, which lets 256 KiB pass unconfirmed).
 */
export const JOURNAL_SMALL_BYTES = 128 * 1024;
export const JOURNAL_PAD_BYTES = 32 * 1024;

/** Entries of one block at most: a frame of 64 MiB, which is a block of its own, and as much again. More is damage. */
export const JOURNAL_STREAM_BLOCK_BYTES_MAX = 128 * 1024 * 1024;

/** A recorder that is to end waits so long for the next entry of those that the engine had taken by then. */
export const JOURNAL_LAST_MS = 10_000;
