// Medians and the exact Mann–Whitney test of two small samples: whether one side's runs rank above the other's by more than luck.

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Twice the rank of each value among all, from 2; equal values share the mean of their ranks, so that all are whole numbers. */
function doubledRanks(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return 2 * below + equal + 1;
  });
}

/** How many ways there are to choose `size` of the ranks, by the sum of the chosen. */
function waysBySum(ranks: readonly number[], size: number): Float64Array {
  const most = ranks.reduce((sum, rank) => sum + rank, 0);
  const ways = Array.from({ length: size + 1 }, () => new Float64Array(most + 1));
  ways[0][0] = 1;
  for (const rank of ranks) {
    for (let chosen = size; chosen > 0; chosen--) {
      for (let sum = most; sum >= rank; sum--) ways[chosen][sum] += ways[chosen - 1][sum - rank];
    }
  }
  return ways[size];
}

/**
 * The chance, were both sides alike, of ranks at least as far apart as these (two-sided, exact, also with equal values).
 * Source: Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the other" (1947);
 * ties by the permutation distribution of their mean ranks.
 */
export function rankTest(before: readonly number[], after: readonly number[]): number {
  const ranks = doubledRanks([...before, ...after]);
  const sum = ranks.slice(0, before.length).reduce((total, rank) => total + rank, 0);
  const middle = before.length * (before.length + after.length + 1);
  const ways = waysBySum(ranks, before.length);
  let [far, all] = [0, 0];
  for (let at = 0; at < ways.length; at++) {
    all += ways[at];
    if (Math.abs(at - middle) >= Math.abs(sum - middle)) far += ways[at];
  }
  return far / all;
}
