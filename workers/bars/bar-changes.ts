// What one trade or clock record did to the bars of a market, in the order in which subscribers must see it. Hot path.

/** What one call did, as bits. */
export const BarChange = {
  none: 0,
  /** The open bar took a further trade. */
  updated: 1,
  /** A bar opened with the trade. */
  opened: 2,
  /** The bar open before became final. */
  closed: 4,
  /** A final bar took a late trade and has a higher revision. */
  revised: 8,
  /** A bar was made final at once, revision 0: by a late trade into a closed bucket without one, or as an empty bar. */
  created: 16,
  /** The trade came too late for its bar and was left out. */
  late: 32,
} as const;

/** Bits after which a final bar is new or other. */
export const FINAL_BARS = BarChange.closed | BarChange.revised | BarChange.created;

/** Words of one entry: which kind, which row, and BarChange bits of it alone. */
export const barChangeEntry = { kind: 0, row: 1, change: 2 } as const;
export const BAR_CHANGE_WORDS = 3;

const ENTRIES_START = 16;

/** Row numbers are valid until the next trade or clock record. */
export class BarChanges {
  words = new Int32Array(ENTRIES_START * BAR_CHANGE_WORDS);
  count = 0;

  clear(): void {
    this.count = 0;
  }

  note(kind: number, row: number, change: number): void {
    const at = this.count * BAR_CHANGE_WORDS;
    if (at === this.words.length) this.grow();
    this.words[at + barChangeEntry.kind] = kind;
    this.words[at + barChangeEntry.row] = row;
    this.words[at + barChangeEntry.change] = change;
    this.count++;
  }

  private grow(): void {
    const words = new Int32Array(this.words.length * 2);
    words.set(this.words);
    this.words = words;
  }
}
