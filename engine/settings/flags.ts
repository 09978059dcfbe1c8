// Settings as options of commands.

import { flagOf } from './names.ts';
import { SETTINGS, type Setting, settingBy, usualText } from './schema.ts';
import { GROUPS } from './setting.ts';

export type FlagOption = {
  /** `--port <number>` */
  readonly flags: string;
  readonly help: string;
  /** Heading under which help lists it. */
  readonly heading: string;
  /** Joins a text to those before it; null where the text itself is the value. */
  readonly read: ((text: string, before: string[] | undefined) => string[]) | null;
};

/** `--signals` is one list, whose commas may stand in parentheses; other lists grow with each flag. */
function readerOf({ key, form }: Setting): FlagOption['read'] {
  const parts = form.parts;
  if (parts === null) return null;
  return key === 'signals' ? parts.flag : (text, before) => [...(before ?? []), ...parts.flag(text)];
}

function helpOf(setting: Setting): string {
  const usual = usualText(setting).replaceAll('`', '');
  const isTold = setting.form.name !== 'switch' && usual !== 'none';
  const repeats = setting.form.parts !== null && setting.key !== 'signals' ? ' (repeatable)' : '';
  return `${setting.meaning}${isTold ? ` (${usual})` : ''}${repeats}`;
}

export function flagOption(setting: Setting): FlagOption {
  const { key, form, group } = setting;
  const flags = form.placeholder === '' ? flagOf(key) : `${flagOf(key)} <${form.placeholder}>`;
  return { flags, help: helpOf(setting), heading: `${GROUPS[group]}:`, read: readerOf(setting) };
}

/** Every setting that a flag can give, by group. */
export function settingOptions(): FlagOption[] {
  return Object.keys(GROUPS).flatMap((group) =>
    SETTINGS.filter((setting) => setting.group === group && setting.flag !== null).map(flagOption),
  );
}

/** Those that another command shares, in the order named. */
export function sharedOptions(keys: readonly string[]): FlagOption[] {
  return keys.map((key) => {
    const setting = settingBy(key);
    if (setting === undefined) throw new Error(`${key}: expected a setting, was none`);
    return flagOption(setting);
  });
}
