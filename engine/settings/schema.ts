// The one schema of all settings: file, variables, flags, JSON Schema and documents come from it.

import { z } from 'zod';
import { FEED_SETTINGS, SYNTHETIC_SETTINGS } from './feeds.ts';
import { JOURNAL_SETTINGS } from './journal.ts';
import type { Form } from './kinds.ts';
import { MARKET_SETTINGS } from './markets.ts';
import { flagOf, variableOf } from './names.ts';
import { LIMIT_SETTINGS, PORT_SETTINGS } from './ports.ts';
import { PROCESS_SETTINGS } from './process.ts';
import { SECURITY_SETTINGS } from './security.ts';
import { type About, METAS } from './setting.ts';

export const settings = z.strictObject({
  ...FEED_SETTINGS,
  ...PORT_SETTINGS,
  ...MARKET_SETTINGS,
  ...JOURNAL_SETTINGS,
  ...SECURITY_SETTINGS,
  ...LIMIT_SETTINGS,
  ...PROCESS_SETTINGS,
  ...SYNTHETIC_SETTINGS,
});

export type Settings = z.infer<typeof settings>;
/** What a file or a program may give: each may be left out, and durations and sizes may be texts. */
export type SettingsInput = z.input<typeof settings>;
export type SettingKey = keyof Settings;

/** All that is told of one setting. */
export type Setting = About & {
  readonly key: SettingKey;
  /** Null for what only a file or a variable can hold. */
  readonly flag: string | null;
  readonly variable: string;
  readonly form: Form;
  readonly default: unknown;
};

function settingOf(key: SettingKey): Setting {
  const meta = METAS.get(settings.shape[key]);
  if (meta === undefined) throw new Error(`${key}: expected a setting with its meaning, was a bare schema`);
  const flag = meta.form.name === 'structure' ? null : flagOf(key);
  return { ...meta.about, key, flag, variable: variableOf(key), form: meta.form, default: meta.usual };
}

export const SETTINGS: readonly Setting[] = Object.keys(settings.shape).map((key) => settingOf(key as SettingKey));

export const SETTING_KEYS: readonly string[] = SETTINGS.map(({ key }) => key);

const BY_KEY = new Map(SETTINGS.map((found) => [found.key as string, found]));

export const settingBy = (key: string): Setting | undefined => BY_KEY.get(key);

/** The default as a person would write it. */
export function usualText({ usual, default: value, form }: Setting): string {
  if (usual !== undefined) return usual;
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  return form.show(value);
}
