// Checksums of venues that books did not have, as shards report them: the last of each market, told in one sentence.

/** The level that would explain the venue's checksum: one whose zeros differ, or one too many. */
export type MismatchSuspect = {
  readonly fault: 'digits' | 'level';
  readonly side: 'bid' | 'ask';
  readonly rank: number;
  readonly price: string;
  readonly quantity: string;
  readonly expectedQuantity: string | null;
};

export type Mismatch = {
  readonly market: string;
  /** Of the venue and of the book, signed 32-bit. */
  readonly expected: number;
  readonly was: number;
  readonly suspect: MismatchSuspect | null;
};

/** Markets remembered: enough to read, and bounded. */
const MARKETS_KEPT = 100;

function isMismatch(message: unknown): message is Mismatch & { readonly op: string } {
  return typeof message === 'object' && message !== null && 'op' in message && message.op === 'checksum-mismatch';
}

function blame(suspect: MismatchSuspect | null): string {
  if (suspect === null) return 'no single level explains it';
  const { side, rank, price, quantity, expectedQuantity } = suspect;
  const level = `${side} ${rank} at ${price}`;
  return expectedQuantity === null
    ? `${level} is one too many`
    : `${level} has ${quantity}, expected ${expectedQuantity}`;
}

export class Mismatches {
  private readonly byMarket = new Map<string, Mismatch>();
  private readonly onEvent: (sentence: string) => void;

  constructor(onEvent: (sentence: string) => void) {
    this.onEvent = onEvent;
  }

  /** A message of a shard. */
  take(message: unknown): void {
    if (!isMismatch(message)) return;
    const { market, expected, was, suspect } = message;
    this.byMarket.delete(market);
    this.byMarket.set(market, { market, expected, was, suspect });
    const [oldest] = this.byMarket.keys();
    if (this.byMarket.size > MARKETS_KEPT) this.byMarket.delete(oldest);
    this.onEvent(`${market}: expected checksum ${expected}, was ${was}: ${blame(suspect)}`);
  }

  /** The last of each market, newest last. */
  list(): Mismatch[] {
    return [...this.byMarket.values()];
  }
}
