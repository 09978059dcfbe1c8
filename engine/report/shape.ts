// Guards for data that was read from a file: each says where it is not what was expected, or nothing.

/** Null where the value fits; else what was expected at which path, and what was found. */
export type Guard = (value: unknown, path: string) => string | null;

function found(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : JSON.stringify(value).slice(0, 60);
}

const wrong = (path: string, expected: string, value: unknown): string =>
  `${path}: expected ${expected}, was ${found(value)}`;

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const number: Guard = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? null : wrong(path, 'a number', value);

export const wholeNumber: Guard = (value, path) =>
  Number.isInteger(value) && Number(value) >= 0 ? null : wrong(path, 'a whole number from 0', value);

export const text: Guard = (value, path) => (typeof value === 'string' ? null : wrong(path, 'a text', value));

export const truth: Guard = (value, path) => (typeof value === 'boolean' ? null : wrong(path, 'true or false', value));

export function oneOf(...allowed: readonly string[]): Guard {
  return (value, path) => (allowed.some((each) => each === value) ? null : wrong(path, allowed.join(' or '), value));
}

export function nullable(guard: Guard): Guard {
  return (value, path) => (value === null ? null : guard(value, path));
}

export function optional(guard: Guard): Guard {
  return (value, path) => (value === undefined ? null : guard(value, path));
}

export function listOf(guard: Guard): Guard {
  return (value, path) => {
    if (!Array.isArray(value)) return wrong(path, 'a list', value);
    for (let i = 0; i < value.length; i++) {
      const complaint = guard(value[i], `${path}[${i}]`);
      if (complaint !== null) return complaint;
    }
    return null;
  };
}

/** A list of fixed length, each place with its guard. */
export function tuple(...guards: readonly Guard[]): Guard {
  return (value, path) => {
    if (!Array.isArray(value) || value.length !== guards.length)
      return wrong(path, `a list of ${guards.length}`, value);
    return firstComplaint(guards.map((guard, at) => () => guard(value[at], `${path}[${at}]`)));
  };
}

/** Fields that are named must fit; others are let be. */
export function fields(guards: Readonly<Record<string, Guard>>): Guard {
  return (value, path) => {
    if (!isRecord(value)) return wrong(path, 'an object', value);
    const below = path === '' ? '' : `${path}.`;
    return firstComplaint(
      Object.entries(guards).map(
        ([key, guard]) =>
          () =>
            guard(value[key], `${below}${key}`),
      ),
    );
  };
}

/** An object whose values all fit, whatever its keys. */
export function valuesOf(guard: Guard): Guard {
  return (value, path) => {
    if (!isRecord(value)) return wrong(path, 'an object', value);
    return firstComplaint(
      Object.entries(value).map(
        ([key, each]) =>
          () =>
            guard(each, `${path}.${key}`),
      ),
    );
  };
}

function firstComplaint(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const complaint = check();
    if (complaint !== null) return complaint;
  }
  return null;
}
