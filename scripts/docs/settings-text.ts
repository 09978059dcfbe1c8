// The part of docs/configuration.md that the schema of the settings makes.

import { SETTINGS, type Setting, usualText } from '../../engine/settings/schema.ts';
import { GROUPS } from '../../engine/settings/setting.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
const code = (text: string): string => `\`${text}\``;

/** Words of a default are words; a value is code; whole numbers have their commas. */
function usual(setting: Setting): string {
  const text = usualText(setting);
  if (setting.usual !== undefined || text === 'none') return text;
  return typeof setting.default === 'number' && /^\d+$/.test(text)
    ? setting.default.toLocaleString('en-US', { useGrouping: !setting.key.toLowerCase().endsWith('port') })
    : code(text);
}

/** What a file holds: the type, with the unit of a bare number. */
function typeOf({ form }: Setting): string {
  const inner = form.unit === '' ? { whole: 'number', switch: 'true or false' }[form.name as string] : form.unit;
  if (form.name === 'structure') return 'list of objects';
  if (form.parts !== null) return 'list of texts';
  return form.unit === '' ? (inner ?? 'text') : `${form.name}, ${form.unit}`;
}

function settingText(setting: Setting): string {
  const { key, flag, variable, form, meaning, when, more } = setting;
  const variableText = form.name === 'structure' ? `${code(variable)} (JSON)` : code(variable);
  const row = [flag === null ? '–' : code(flag), variableText, typeOf(setting), usual(setting), form.limits];
  return [
    `### ${code(key)}`,
    sentence(meaning),
    `| flag | variable | unit or type | default | limits |\n| --- | --- | --- | --- | --- |\n| ${row.map(cell).join(' | ')} |`,
    ...(more === undefined ? [] : [more]),
    `**When to change it.** ${when}`,
  ].join('\n\n');
}

const anchor = (key: string): string => `[${code(key)}](#${key.toLowerCase()})`;

function indexRow(group: string, title: string): string {
  const keys = SETTINGS.filter((setting) => setting.group === group).map(({ key }) => anchor(key));
  return `| ${title} | ${keys.join(', ')} |`;
}

/** The index of all settings, then each of them by group. */
export function settingsText(): string {
  const groups = Object.entries(GROUPS);
  const index = groups.map(([group, title]) => indexRow(group, title));
  const chapters = groups.map(([group, title]) => {
    const sections = SETTINGS.filter((setting) => setting.group === group).map(settingText);
    return [`## ${title}`, ...sections].join('\n\n');
  });
  return [`| group | settings |\n| --- | --- |\n${index.join('\n')}`, ...chapters].join('\n\n');
}
