// The place of the newest of N values in a window that is summed up from two halves, without ever subtracting. Hot path.
//
//   slot        0    1    2    3    4    5    6    7          N = 8, next = 3
//             new  new  new | what slots 3 to 7 amount to ... | each slot from `next` on: the whole rest of the older half
//             └── newer ──┘ └────────── older half ──────────┘
//
// The older half was folded from its end when the ring was last full: slot i then stands for all values from i on, so the
// values that leave the window are simply no longer asked for. The newer half is summed as it comes. Their join is the
// window: nothing is taken away from a running sum, so no rounding error outlives its value, and a spike that has left
// leaves no residue. Folding N slots once in N values is O(1) each. The last value can be taken back: the sum and the
// result before it are kept, and the slot it wrote to is that of the next value again. A fold is not taken back, and need
// not be: the ring means the same, to a rounding.

/** Where values go; what they amount to is the business of those who extend it. */
export abstract class Window {
  /** The value for push(). A field, since a number handed to a function that is not compiled into its caller is allocated. */
  given = Number.NaN;
  protected readonly period: number;
  /** Values in the newer half, 0 to N; also the slot of the next value unless the ring is full. */
  protected next = 0;
  private hasOlder = false;

  constructor(period: number) {
    this.period = period;
  }

  /** True once N values are in. */
  get isFull(): boolean {
    return this.hasOlder || this.next === this.period;
  }

  /** The slot for the next value. Folds the ring where it is full. */
  protected claim(): number {
    if (this.next === this.period) {
      this.fold();
      this.hasOlder = true;
      this.next = 0;
    }
    this.next += 1;
    return this.next - 1;
  }

  /** Gives the slot of the last value back. */
  protected unclaim(): void {
    this.next -= 1;
  }

  /** Makes the newer half the older: each slot becomes what it and all behind it amount to; the newer half is empty. */
  protected abstract fold(): void;

  /** Takes the value that is given. */
  abstract push(): void;

  /** Takes the last value out again, as if it had never come. At most once after each value. */
  abstract undo(): void;
}
