// A float sum that keeps what rounding took from it, so that large terms that cancel leave the small ones. Hot path.
//
// Two words: the sum, and the rest to be added when it is read. The error of sum + rest is that of one rounding plus
// (terms × 2^-53)² of the sum of absolute terms (Neumaier 1974, "Rundungsfehleranalyse einiger Verfahren zur Summation
// endlicher Summen").

/** Adds a term to the sum at `words[at]`, whose rest is at `words[at + 1]`. */
export function addCompensated(words: Float64Array, at: number, term: number): void {
  const sum = words[at];
  const next = sum + term;
  words[at + 1] += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
  words[at] = next;
}
