// Settings from all their sources: flag beats environment beats file beats default.

import { UsageError } from '../base/errors.ts';
import { CONFIG_VARIABLE, fromEnvironment } from './environment.ts';
import { type Given, placeOf, sentencesOf } from './faults.ts';
import { settingsFileAt } from './file.ts';
import { flagOf } from './names.ts';
import { SETTINGS, type SettingKey, type Settings, settings } from './schema.ts';

export type LoadedSettings = {
  readonly values: Settings;
  /** Where each value is from: `--port`, `MILLRACE_PORT`, `millrace.yaml line 3` or `default`. */
  readonly origins: Readonly<Record<SettingKey, string>>;
};

/** Wrong settings, all of them; the message is the first. */
export class SettingsError extends UsageError {
  override name = 'UsageError';
  readonly sentences: readonly string[];

  constructor(sentences: readonly string[]) {
    super(sentences[0]);
    this.sentences = sentences;
  }
}

/** Joins what was given. Flags that are undefined were not. */
function gather(flags: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv): Given {
  const { config, ...given } = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const path = typeof config === 'string' ? config : environment[CONFIG_VARIABLE];
  const variables = fromEnvironment(environment);
  const origins = new Map<string, string>();
  for (const { key, variable } of SETTINGS) if (key in variables) origins.set(key, variable);
  for (const key of Object.keys(given)) origins.set(key, flagOf(key));
  const file = path === undefined ? null : settingsFileAt(path);
  return { values: { ...file?.values, ...variables, ...given }, origins, file };
}

function originOf(given: Given, key: SettingKey): string {
  if (!Object.hasOwn(given.values, key)) return 'default';
  const origin = given.origins.get(key);
  if (origin !== undefined) return origin;
  return placeOf(given, [key]).replace(/, [^,]*$/, '');
}

/** Throws a SettingsError where something is wrong, or a UsageError where a source cannot be read at all. */
export function loadedSettings(
  flags: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
): LoadedSettings {
  const given = gather(flags, environment);
  const parsed = settings.safeParse(given.values);
  if (!parsed.success) throw new SettingsError(sentencesOf(given, parsed.error));
  const origins = SETTINGS.map(({ key }) => [key, originOf(given, key)]);
  return { values: parsed.data, origins: Object.fromEntries(origins) };
}

/** Joins the sources. Throws a UsageError with one sentence: the option, the limit and the value found. */
export function loadSettings(flags: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv): Settings {
  return loadedSettings(flags, environment).values;
}
