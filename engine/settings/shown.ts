// Settings as they may be shown: without secrets, as JSON, YAML, or one by one with where each is from.

import { stringify } from 'yaml';
import type { LoadedSettings } from './load.ts';
import { SETTINGS, type Setting, type Settings } from './schema.ts';

function shownValue({ hide }: Setting, value: unknown): unknown {
  return hide === undefined || value === null ? value : hide(value as never);
}

/** The settings as they may be shown. */
export function withoutSecrets(values: Settings): Record<string, unknown> {
  return Object.fromEntries(SETTINGS.map((setting) => [setting.key, shownValue(setting, values[setting.key])]));
}

export const SHOWN_FORMATS = ['json', 'yaml'] as const;
export type ShownFormat = (typeof SHOWN_FORMATS)[number];

export function structureText(value: unknown, format: ShownFormat): string {
  return format === 'yaml' ? stringify(value) : `${JSON.stringify(value, null, 2)}\n`;
}

function words(setting: Setting, value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  const shown = shownValue(setting, value);
  return typeof value === typeof shown ? setting.form.show(shown) : String(shown);
}

/** Value and origin of each, for programs. */
export function explained({ values, origins }: LoadedSettings): Record<string, unknown> {
  const shown = withoutSecrets(values);
  return Object.fromEntries(SETTINGS.map(({ key }) => [key, { value: shown[key], from: origins[key] }]));
}

/** One line a setting: name, value, where it is from. */
export function explainedText({ values, origins }: LoadedSettings): string {
  const rows = SETTINGS.map((setting) => [setting.key, words(setting, values[setting.key]), origins[setting.key]]);
  const widths = [0, 1].map((column) => Math.min(40, Math.max(...rows.map((row) => row[column].length))));
  return rows.map(([key, value, from]) => `${key.padEnd(widths[0])}  ${value.padEnd(widths[1])}  ${from}\n`).join('');
}
