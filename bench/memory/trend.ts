// How a measured value moves over time: least squares, with the interval that the slope lies in.

export type Trend = {
  readonly slope: number;
  /** Half the width of the 95 % interval of the slope. */
  readonly margin: number;
};

/** Student's t for 95 %, both sides, by degrees of freedom; beyond the list the normal value is near enough. */
const STUDENT = [
  12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
];
const NORMAL = 2.05;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Means of `count` stretches as long as each other: neighbours in a saw-tooth are no independent samples. */
export function stretches(values: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    mean(values.slice(Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count))),
  );
}

/** Values at places 0, 1, 2 …; the slope is per place. At least three values. */
export function trendOf(values: readonly number[]): Trend {
  const places = values.map((_, i) => i);
  const [middle, level] = [mean(places), mean(values)];
  const spread = places.reduce((sum, x) => sum + (x - middle) ** 2, 0);
  const slope = places.reduce((sum, x, i) => sum + (x - middle) * (values[i] - level), 0) / spread;
  const squares = places.reduce((sum, x, i) => sum + (values[i] - level - slope * (x - middle)) ** 2, 0);
  const freedom = values.length - 2;
  return { slope, margin: (STUDENT[freedom - 1] ?? NORMAL) * Math.sqrt(squares / freedom / spread) };
}
