// Whole numbers as text, for what every message carries: fractions of a second, ids. Hot path on main.

/** Three digits of each count of thousandths. */
export const THOUSANDTHS: readonly string[] = Array.from({ length: 1000 }, (_, count) =>
  String(count).padStart(3, '0'),
);

const MILLION = 1_000_000;
/** Up to here the runtime makes text of an integer by itself; above it is a float64, whose shortest text takes 160 ns. */
const SMALL_MAX = 0x7fff_ffff;
/** Up to here the millions are small, and their quotient is exact enough for floor to be right. */
const SPLIT_MAX = SMALL_MAX * MILLION;

/** Text of a whole number from 0; the same as String. */
export function integerText(value: number): string {
  if (value <= SMALL_MAX || value > SPLIT_MAX) return String(value);
  const millions = Math.floor(value / MILLION);
  const rest = value - millions * MILLION;
  const thousands = Math.floor(rest / 1000);
  return millions + THOUSANDTHS[thousands] + THOUSANDTHS[rest - thousands * 1000];
}
