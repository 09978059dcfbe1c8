// Settings given by variables, and variables that are nobody's: typing errors, which would otherwise do nothing silently.

import { UsageError } from '../base/errors.ts';
import { nearestOf } from './names.ts';
import { SETTINGS, type Setting } from './schema.ts';

/** The file of settings. */
export const CONFIG_VARIABLE = 'MILLRACE_CONFIG';

/** Read by tests, benches and tools beside the engine. */
const OTHER_VARIABLES: readonly string[] = [CONFIG_VARIABLE, 'MILLRACE_RECORDINGS', 'MILLRACE_TORTURE_CORPUS'];

function structureOf({ variable, hide }: Setting, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const was = hide === undefined ? JSON.stringify(text.slice(0, 80)) : 'a value not shown';
    throw new UsageError(`${variable}: expected a JSON array, was ${was}`);
  }
}

function readVariable(setting: Setting, text: string): unknown {
  if (setting.form.name === 'structure') return structureOf(setting, text);
  // A list has no other way to be empty here; as an item, empty text is none.
  return setting.form.parts === null ? text : setting.form.parts.variable(text);
}

/** Values by key. Throws a UsageError where a structure is not JSON. */
export function fromEnvironment(environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const setting of SETTINGS) {
    const text = environment[setting.variable];
    if (text !== undefined) found[setting.key] = readVariable(setting, text);
  }
  return found;
}

const PREFIX = 'MILLRACE_';

/** A sentence for each variable that looks like a setting and is none. Its value is not told: it may be a secret. */
export function unknownVariables(environment: NodeJS.ProcessEnv): string[] {
  const known = [...SETTINGS.map(({ variable }) => variable), ...OTHER_VARIABLES];
  const endings = known.map((name) => name.slice(PREFIX.length));
  return Object.keys(environment)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .sort()
    .map((name) => {
      const nearest = nearestOf(name.slice(PREFIX.length), endings);
      const hint = nearest === null ? '' : ` (did you mean ${PREFIX}${nearest}?)`;
      return `${name}: no such setting, it does nothing${hint}`;
    });
}
