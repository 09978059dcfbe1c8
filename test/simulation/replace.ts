// Puts a value in the place of a property, for as long as a run lasts.

export type Restore = () => void;

/** Puts a value in the place of another until the returned function is called. */
export function replace(target: object, key: string, value: unknown): Restore {
  const before = Object.getOwnPropertyDescriptor(target, key);
  Object.defineProperty(target, key, { value, configurable: true, writable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(target, key);
    else Object.defineProperty(target, key, before);
  };
}
