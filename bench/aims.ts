// What a figure should come to: `≥ 10 M` as data, and whether a value meets it.

const OPERATORS = {
  '≥': (value: number, bound: number) => value >= bound,
  '≤': (value: number, bound: number) => value <= bound,
  '>': (value: number, bound: number) => value > bound,
  '<': (value: number, bound: number) => value < bound,
} as const;
const SCALES: Readonly<Record<string, number>> = { '': 1, '%': 0.01, k: 1e3, M: 1e6 };

/** A bound on a row's median, in the row's unit. */
export type Aim = { readonly op: keyof typeof OPERATORS; readonly value: number };

/**
 * Reads `≥ 10 M`, `≤ 1.5`, `< 10`, `≥ 65 %`.
 * @throws Error where the text is none: an aim that no one can judge is a mistake in a bench.
 */
export function aimOf(text: string): Aim {
  const match = /^([≥≤<>]) (\d[\d,]*(?:\.\d+)?) ?([kM%]?)$/.exec(text);
  if (match === null) throw new Error(`aim: expected an operator and a number, was ${JSON.stringify(text)}`);
  const [, op, digits, scale] = match;
  return { op: op as Aim['op'], value: Number(digits.replaceAll(',', '')) * SCALES[scale] };
}

export function meets(aim: Aim, value: number): boolean {
  return OPERATORS[aim.op](value, aim.value);
}
