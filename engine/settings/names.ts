// Names of settings as flags and variables, and the nearest known name to a misspelt one.

/** `--ingest-port` and `MILLRACE_INGEST_PORT` of `ingestPort`. */
export const flagOf = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
export const variableOf = (key: string): string =>
  `MILLRACE_${flagOf(key).slice(2).replaceAll('-', '_').toUpperCase()}`;

/** Longer names are nobody's typing error, and would only cost time. */
const NAME_CHARACTERS_MAX = 60;

/** Letters put in, left out, changed or swapped with their neighbour that lead from one to the other. */
function distance(one: string, other: string): number {
  const rows = [Array.from({ length: other.length + 1 }, (_, index) => index)];
  for (let at = 1; at <= one.length; at++) {
    const row = [at];
    for (let to = 1; to <= other.length; to++) {
      const changed = rows[at - 1][to - 1] + (one[at - 1] === other[to - 1] ? 0 : 1);
      const isSwapped = at > 1 && to > 1 && one[at - 1] === other[to - 2] && one[at - 2] === other[to - 1];
      const swapped = isSwapped ? rows[at - 2][to - 2] + 1 : changed;
      row.push(Math.min(rows[at - 1][to] + 1, row[to - 1] + 1, changed, swapped));
    }
    rows.push(row);
  }
  return rows[one.length][other.length];
}

const bare = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The known name that was probably meant; null where none is near. Case, dashes and underscores count for nothing. */
export function nearestOf(name: string, known: readonly string[]): string | null {
  if (name.length > NAME_CHARACTERS_MAX) return null;
  const ranked = known
    .map((candidate) => ({ candidate, steps: distance(bare(name), bare(candidate)) }))
    .sort((one, other) => one.steps - other.steps);
  const best = ranked[0];
  const most = Math.max(1, Math.floor(bare(name).length / 3));
  return best !== undefined && best.steps <= most ? best.candidate : null;
}

/** ` (did you mean port?)`, or nothing. */
export function hintOf(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  return nearest === null ? '' : ` (did you mean ${nearest}?)`;
}
