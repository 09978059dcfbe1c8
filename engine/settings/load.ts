// Settings from all their sources: flag beats environment beats file beats default.

import { UsageError } from '../base/errors.ts';
import { CONFIG_VARIABLE, fromEnvironment } from './environment.ts';
import { type Given, placeOf, sentencesOf } from './faults.ts';
import { settingsFileAt } from './file.ts';
import { flagOf } from './names.ts';
import { SETTING_KEYS, SETTINGS, type SettingKey, type Settings, settings } from './schema.ts';

type Origins = Readonly<Record<SettingKey, string>>;

export type LoadedSettings = {
  readonly values: Settings;
  /** Where each value is from: `--port`, `MILLRACE_PORT`, `millrace.yaml line 3` or `default`. */
  readonly origins: Origins;
};

/** Settings with the defaults in place of those that were refused. */
export type OtherSettings = { readonly loaded: LoadedSettings; readonly refused: readonly string[] };

/** Wrong settings, all of them; the message is the first. */
export class SettingsError extends UsageError {
  override name = 'UsageError';
  readonly sentences: readonly string[];
  /** What else is wrong can be looked for in these. Null where the sentences are of a later look. */
  readonly others: OtherSettings | null;

  constructor(sentences: readonly string[], others: OtherSettings | null = null) {
    super(sentences[0]);
    this.sentences = sentences;
    this.others = others;
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
  if (parsed.success) return withOrigins(given, parsed.data);
  const refused = parsed.error.issues.flatMap(({ path }) => path.slice(0, 1).map(String));
  const values = Object.entries(given.values).filter(([key]) => SETTING_KEYS.includes(key) && !refused.includes(key));
  const loaded = withOrigins(given, settings.parse(Object.fromEntries(values)));
  throw new SettingsError(sentencesOf(given, parsed.error), { loaded, refused });
}

function withOrigins(given: Given, values: Settings): LoadedSettings {
  return { values, origins: Object.fromEntries(SETTINGS.map(({ key }) => [key, originOf(given, key)])) as Origins };
}

/** Joins the sources. Throws a UsageError with one sentence: the option, the limit and the value found. */
export function loadSettings(flags: Readonly<Record<string, unknown>>, environment: NodeJS.ProcessEnv): Settings {
  return loadedSettings(flags, environment).values;
}
