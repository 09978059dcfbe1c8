// Scratch numbers of one Injective entry: where each field's value lies until its record is written.

/** Indexes (float64) of the scratch row. Decimals take two: milli, atto; a trade's lie in the order of its record. */
export const field = Object.freeze({ timeUs: 0, sequence: 1, price: 2, quantity: 4 });
export const SCRATCH_FIELDS = 6;
