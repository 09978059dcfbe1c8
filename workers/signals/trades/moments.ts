// Means and centred moments of points (x, y): what a least-squares line needs, kept so that nothing cancels. Hot path.
//
// Sums of squares less squares of sums would lose all digits where values are large and their changes small, as with
// prices. Moments about the mean have no such difference: points are added by Welford's update and groups merged by
// Chan, Golub and LeVeque's (1979, "Updating formulae and a pairwise algorithm for computing sample variances").

/** Words of one group of points. */
const moment = { count: 0, meanX: 1, meanY: 2, xx: 3, xy: 4, yy: 5 } as const;
export const MOMENT_WORDS = 6;

/** Adds one point to the group at `words[at]`. */
export function addPoint(words: Float64Array, at: number, x: number, y: number): void {
  const count = words[at + moment.count] + 1;
  const fromX = x - words[at + moment.meanX];
  const fromY = y - words[at + moment.meanY];
  words[at + moment.count] = count;
  words[at + moment.meanX] += fromX / count;
  words[at + moment.meanY] += fromY / count;
  const share = (count - 1) / count;
  words[at + moment.xx] += fromX * fromX * share;
  words[at + moment.xy] += fromX * fromY * share;
  words[at + moment.yy] += fromY * fromY * share;
}

/** Adds the group at `others[from]`, its x moved by `shiftX`, to the group at `words[at]`. */
export function mergeMoments(
  words: Float64Array,
  at: number,
  others: Float64Array,
  from: number,
  shiftX: number,
): void {
  const before = words[at + moment.count];
  const more = others[from + moment.count];
  if (more === 0) return;
  if (before === 0) {
    // A copy, so that means of equal values stay equal to the last digit.
    for (let word = 0; word < MOMENT_WORDS; word++) words[at + word] = others[from + word];
    words[at + moment.meanX] += shiftX;
    return;
  }
  const count = before + more;
  const fromX = others[from + moment.meanX] + shiftX - words[at + moment.meanX];
  const fromY = others[from + moment.meanY] - words[at + moment.meanY];
  words[at + moment.count] = count;
  words[at + moment.meanX] += (fromX * more) / count;
  words[at + moment.meanY] += (fromY * more) / count;
  const share = (before * more) / count;
  words[at + moment.xx] += others[from + moment.xx] + fromX * fromX * share;
  words[at + moment.xy] += others[from + moment.xy] + fromX * fromY * share;
  words[at + moment.yy] += others[from + moment.yy] + fromY * fromY * share;
}

/** Least-squares slope of y over x; NaN where all x are equal, or there is no point. */
export function slopeOf(words: Float64Array, at: number): number {
  return words[at + moment.xx] > 0 ? words[at + moment.xy] / words[at + moment.xx] : Number.NaN;
}

/** Share of the variance of y that the line explains, 0 to 1; NaN where all x or all y are equal. */
export function rSquaredOf(words: Float64Array, at: number): number {
  const { xx, xy, yy } = moment;
  if (!(words[at + xx] > 0 && words[at + yy] > 0)) return Number.NaN;
  return Math.min(1, (words[at + xy] / words[at + xx]) * (words[at + xy] / words[at + yy]));
}
