// The ring's control block: each shared word on a cache line of its own, so that no side's store disturbs the other's.

const LINE_WORDS = 16;

/** Word offsets (Int32) of the control block. */
export const ringControl = Object.freeze({
  /** Slots committed by the producer, wraps at 2^32. Written by the producer, read by the consumer. */
  tail: 0,
  /** Slots released by the consumer, wraps at 2^32. Written by the consumer, read by the producer. */
  head: LINE_WORDS,
  /**
   * The most slots the consumer has found waiting. Written by the consumer, a plain store beside its head; taken back to 0
   * by main each second. A mark lost between the two is found again at the consumer's next look.
   */
  most: LINE_WORDS + 1,
});

export const RING_CONTROL_BYTES = 2 * LINE_WORDS * 4;
