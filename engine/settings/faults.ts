// Sentences about wrong settings: where each stands, what was expected, and what was there.

import type { z } from 'zod';
import type { SettingsFile } from './file.ts';
import { hintOf } from './names.ts';
import { SETTING_KEYS, settingBy, type settings } from './schema.ts';

/** What was joined, and from where. */
export type Given = {
  readonly values: Readonly<Record<string, unknown>>;
  /** `--port`, `MILLRACE_PORT`; no entry for what the file gave. */
  readonly origins: ReadonlyMap<string, string>;
  readonly file: SettingsFile | null;
};

type Issue = z.core.$ZodIssue;

/** Longest text of a value in a sentence about it. */
const SHOWN_CHARACTERS = 200;

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN_CHARACTERS);
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((found, step) => (found as Record<PropertyKey, unknown> | undefined)?.[step], values);
}

function lowerFirst(text: string): string {
  const sentence = text.replace(/^Invalid input: /, '').replace(/^Too (big|small): /, '');
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

/** `--port`, `MILLRACE_PORT`, or `millrace.yaml line 3, port`. */
export function placeOf({ origins, file }: Given, path: readonly PropertyKey[]): string {
  const [key, ...inner] = path.map(String);
  const origin = origins.get(key);
  if (origin !== undefined) return [origin, ...inner].join('.');
  return `${lineAt(file, path)}, ${[key, ...inner].join('.')}`;
}

/** What is missing stands on the line of what it is missing in. */
function lineAt(file: SettingsFile | null, path: readonly PropertyKey[]): string {
  if (file === null) return 'configuration';
  const lines = path.map((_, index) => file.lineOf(path.slice(0, path.length - index)));
  const line = lines.find((found) => found !== null);
  return line === undefined ? file.path : `${file.path} line ${line}`;
}

/** Keys that an object inside a setting may have, from the schema's own issue path; none where they are not known. */
function knownBeside(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return SETTING_KEYS;
  return settingBy(String(path[0]))?.innerKeys ?? [];
}

function unknownKeys(given: Given, path: readonly PropertyKey[], keys: readonly string[]): string[] {
  return keys.map((key) => {
    const whole = [...path, key];
    const place = given.origins.get(String(whole[0])) ?? lineAt(given.file, whole);
    return `${place}: expected known settings, was ${whole.join('.')}${hintOf(key, knownBeside(path))}`;
  });
}

function sentenceOf(given: Given, issue: Issue): string {
  const secret = settingBy(String(issue.path[0]))?.hide !== undefined;
  const was = secret ? 'a value not shown' : shown(valueAt(given.values, issue.path));
  const expected = lowerFirst(issue.message);
  // Some expectations say themselves what was there.
  return `${placeOf(given, issue.path)}: ${expected}${/, was /.test(expected) ? '' : `, was ${was}`}`;
}

/** One sentence for each thing that is wrong. */
export function sentencesOf(given: Given, error: z.ZodError<z.input<typeof settings>>): string[] {
  return error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownKeys(given, issue.path, issue.keys) : [sentenceOf(given, issue)],
  );
}
