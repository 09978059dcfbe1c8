// Addresses of thread entries: the same file is TypeScript under tests and JavaScript in dist.

/** The address of a sibling module, with the ending of the module that asks. */
export function entryUrl(path: string, from: string): URL {
  return new URL(from.endsWith('.ts') ? path : path.replace(/\.ts$/, '.js'), from);
}
