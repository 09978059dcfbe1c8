// Puts names that every object has into a JSON text: as key, as value, at every level (RELIABILITY T29).

export const INHERITED_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'] as const;

/** Would show in every object, were it ever written to their prototype. */
const POISON = { isPolluted: true, prototype: { isPolluted: true } };

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON.stringify and literals would take `__proto__` for the prototype: members are written as text. */
function textOf(value: Json, extra: string | null): string {
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, part]) => `${JSON.stringify(key)}:${JSON.stringify(part)}`);
  if (extra !== null) members.push(`${JSON.stringify(extra)}:${JSON.stringify(POISON)}`);
  return `{${members.join(',')}}`;
}

/** The same value written anew at each of its places, changed there. */
function changedAt(value: Json, change: (value: Json) => string[]): string[] {
  const here = change(value);
  if (Array.isArray(value)) {
    const inner = value
      .slice(0, 4)
      .flatMap((part, index) =>
        changedAt(part, change).map(
          (text) => `[${value.map((other, at) => (at === index ? text : JSON.stringify(other))).join(',')}]`,
        ),
      );
    return here.concat(inner);
  }
  if (!isObject(value)) return here;
  const entries = Object.entries(value);
  const inner = entries.flatMap(([key, part]) =>
    changedAt(part, change).map((text) => {
      const members = entries.map(
        ([name, other]) => `${JSON.stringify(name)}:${name === key ? text : JSON.stringify(other)}`,
      );
      return `{${members.join(',')}}`;
    }),
  );
  return here.concat(inner);
}

/** Every text in which one name stands once: as another key of an object, in place of a key, or in place of a text. */
export function placementsOf(text: string): string[] {
  return INHERITED_NAMES.flatMap((name) =>
    changedAt(JSON.parse(text) as Json, (value) => {
      if (typeof value === 'string') return [JSON.stringify(name)];
      if (!isObject(value)) return [];
      const [first, ...rest] = Object.entries(value);
      const renamed = first === undefined ? [] : [`${JSON.stringify(name)}:${JSON.stringify(first[1])}`];
      const others = rest.map(([key, part]) => `${JSON.stringify(key)}:${JSON.stringify(part)}`);
      return [textOf(value, name), `{${[...renamed, ...others].join(',')}}`];
    }),
  );
}
