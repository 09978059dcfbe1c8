// The two kinds of error that are thrown: a wrong start (told to the person) and a broken invariant (a bug).

/** Wrong usage or configuration; the command prints the sentence and exits with 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A broken invariant of ours. */
export class InvariantError extends Error {
  override name = 'InvariantError';
}

/** An image of state that does not fit the objects it is to fill, or state that cannot be written down. */
export class StateImageError extends Error {
  override name = 'StateImageError';
}
