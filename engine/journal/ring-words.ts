// What both ends of the ring of bytes agree on beyond the layouts.

/** Positions in the ring, and the alignment of entries, count in this. */
export const JOURNAL_WORD_BYTES = 8;

/** A FrameResult may be negative and is kept in a byte: this is added. */
export const RESULT_OFFSET = 128;
