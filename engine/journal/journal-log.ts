// The ingress thread's side of the journal: each entry is copied into the ring of bytes, or counted as missed. Hot path.

/**
 * Entries of one thread, in the order in which their records go into the input rings. Every call counts one entry and
 * returns its sequence, also where there is no room: then the entry is missed, and a `hole` goes ahead of the next that
 * finds some. Nothing is visible to the journal thread before commit().
 */
export interface JournalLog {
  /** Of the last entry. */
  readonly sequence: number;
  /** The latest entry that is safe from the end of this process (`written`, or `durable` where the disk is always waited for). */
  readonly safeSequence: number;
  start(payload: Uint8Array, receiveTimeNs: number): number;
  open(connection: number, dialect: number, payload: Uint8Array, receiveTimeNs: number): number;
  close(connection: number, receiveTimeNs: number): number;
  /** A frame view[at..at + length) with its FrameResult. */
  frame(
    connection: number,
    dialect: number,
    flags: number,
    result: number,
    receiveTimeNs: number,
    producerSequence: number,
    view: DataView,
    at: number,
    length: number,
  ): number;
  sent(connection: number, dialect: number, payload: Uint8Array, receiveTimeNs: number): number;
  clock(timeUs: number, receiveTimeNs: number): number;
  /** Whole slots of 64 bytes. */
  records(connection: number, slots: Uint8Array, receiveTimeNs: number): number;
  checkpoint(number: number, receiveTimeNs: number): number;
  /** Names in JSON. */
  markets(payload: Uint8Array, receiveTimeNs: number): number;
  /** Shows what was taken to the journal thread, and wakes it where a block is full or due. */
  commit(): void;
}
