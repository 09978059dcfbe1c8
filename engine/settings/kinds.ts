// The kinds of values that settings have: how each is written, checked, shown, and told in a JSON Schema.

import { z } from 'zod';
import {
  DURATION_PATTERN,
  durationMsOf,
  durationText,
  SIZE_PATTERN,
  sizeBytesOf,
  sizeText,
} from '../base/unit-text.ts';

/** What of a kind is told to people and to editors. */
export type Form = {
  readonly name: 'whole' | 'duration' | 'size' | 'choice' | 'text' | 'list' | 'switch' | 'structure';
  /** What stands behind a flag: `count` of `--workers <count>`. Empty where nothing does. */
  readonly placeholder: string;
  /** Of the value in the engine and of a bare number; empty where it has none. */
  readonly unit: string;
  readonly limits: string;
  /** How a text of a flag or variable becomes a list; null where it is none. */
  readonly parts: ListParts | null;
  /** The JSON Schema of the value in a file. */
  readonly json: Readonly<Record<string, unknown>>;
  /** As a person would write it. */
  readonly show: (value: unknown) => string;
};

export type ListParts = {
  readonly flag: (text: string) => string[];
  readonly variable: (text: string) => string[];
};

export type Kind<Schema extends z.ZodType> = { readonly schema: Schema; readonly form: Form };

/** Forms by schema, for what walks the whole schema. */
export const FORMS = z.registry<{ form: Form }>();

function kind<Schema extends z.ZodType>(schema: Schema, form: Form): Kind<Schema> {
  FORMS.add(schema, { form });
  return { schema, form };
}

const plain = { unit: '', parts: null, show: String } as const;
const grouped = (value: number): string => value.toLocaleString('en-US');

/** Numbers, and texts that are one: empty text is none, where Number('') would be 0. */
function numberOf(value: number | string): number {
  if (typeof value === 'number') return value;
  return /^\s*[-+]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : Number.NaN;
}

type NumberText = z.ZodUnion<readonly [z.ZodNumber, z.ZodString]>;
type NumberSchema = z.ZodPipe<NumberText, z.ZodTransform<number, string | number>>;

/** A number or text which `read` takes to a number within its limits. */
function measured(expected: string, read: (value: number | string) => number | null): NumberSchema {
  const error = `expected ${expected}`;
  return z.union([z.number(), z.string()], { error }).transform((value, context) => {
    const found = read(value);
    if (found !== null) return found;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
}

const isWithin = (value: number, least: number, most: number): boolean => value >= least && value <= most;

export function whole(least: number, most: number, placeholder = 'count'): Kind<NumberSchema> {
  const read = (value: number | string): number | null => {
    const found = numberOf(value);
    return Number.isInteger(found) && isWithin(found, least, most) ? found : null;
  };
  const limits = `${grouped(least)} to ${grouped(most)}`;
  const json = { type: 'integer', minimum: least, maximum: most };
  const schema = measured(`a whole number from ${least} to ${most}`, read);
  return kind(schema, { ...plain, name: 'whole', placeholder, limits, json });
}

/** Milliseconds, from `10s`, `500ms`, `2m`, `24h`, `7d`, or a bare number of them. */
export function duration(leastMs: number, mostMs: number): Kind<NumberSchema> {
  const limits = `${durationText(leastMs)} to ${durationText(mostMs)}`;
  const read = (value: number | string): number | null => {
    const ms = durationMsOf(String(value));
    return ms !== null && isWithin(ms, leastMs, mostMs) ? ms : null;
  };
  const schema = measured(`a duration like 10s, 500ms or 2m, from ${limits}`, read);
  const json = {
    anyOf: [
      { type: 'string', pattern: DURATION_PATTERN },
      { type: 'number', minimum: leastMs, maximum: mostMs },
    ],
  };
  const show = (value: unknown): string => durationText(Number(value));
  return kind(schema, { ...plain, name: 'duration', placeholder: 'duration', unit: 'ms', limits, json, show });
}

/** Bytes, from `512MiB`, `4GiB`, `10MB`, or a bare number of them. */
export function size(leastBytes: number, mostBytes: number): Kind<NumberSchema> {
  const limits = `${sizeText(leastBytes)} to ${sizeText(mostBytes)}`;
  const read = (value: number | string): number | null => {
    const bytes = sizeBytesOf(String(value));
    return bytes !== null && isWithin(bytes, leastBytes, mostBytes) ? bytes : null;
  };
  const schema = measured(`a size like 512MiB or 4GiB, from ${limits}`, read);
  const json = {
    anyOf: [
      { type: 'string', pattern: SIZE_PATTERN },
      { type: 'number', minimum: leastBytes, maximum: mostBytes },
    ],
  };
  const show = (value: unknown): string => sizeText(Number(value));
  return kind(schema, { ...plain, name: 'size', placeholder: 'size', unit: 'bytes', limits, json, show });
}

export function choice<const Name extends string>(names: readonly Name[], placeholder: string) {
  const limits = `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;
  const schema = z.enum(names, { error: `expected ${limits}` });
  const marked = names.map((name) => `\`${name}\``).join(', ');
  return kind(schema, { ...plain, name: 'choice', placeholder, limits: marked, json: { enum: names } });
}

/** Text of at least one character; `limits` says what it must be beside. */
export function text(placeholder: string, limits: string) {
  const schema = z
    .string({ error: 'expected text' })
    .min(1, 'expected text, not none')
    .refine((value) => !value.includes('\0'), 'expected text without a zero byte');
  return kind(schema, { ...plain, name: 'text', placeholder, limits, json: { type: 'string', minLength: 1 } });
}

/** `true` and `false` of a file, and as the text of a variable. */
export function toggle() {
  const schema = z
    .union([z.boolean(), z.enum(['true', 'false'])], { error: 'expected true or false' })
    .transform((value) => value === true || value === 'true');
  const limits = '`true` or `false`; the flag alone is `true`';
  return kind(schema, { ...plain, name: 'switch', placeholder: '', limits, json: { type: 'boolean' } });
}

export const byComma = (value: string): string[] => value.split(',');
export const BY_COMMA: ListParts = { flag: byComma, variable: byComma };

type ListRules = { readonly least?: number; readonly parts?: ListParts; readonly limits?: string };

export function list<Item extends z.ZodType>(item: Kind<Item>, rules: ListRules = {}) {
  const { least = 0, parts = BY_COMMA, limits = item.form.limits } = rules;
  const schema = z.array(item.schema, { error: 'expected a list' }).min(least, `expected a list of at least ${least}`);
  const json = { type: 'array', items: item.form.json, ...(least > 0 ? { minItems: least } : {}) };
  const show = (value: unknown): string => (value as unknown[]).map(item.form.show).join(',');
  return kind(schema, { ...item.form, name: 'list', limits, parts, json, show });
}

/** Objects in a list: JSON in a variable, and no flag. `json` is made by walking the schema. */
export function structure<Schema extends z.ZodType>(schema: Schema, limits: string): Kind<Schema> {
  const form: Form = {
    ...plain,
    name: 'structure',
    placeholder: '',
    limits,
    json: {},
    show: (value) => JSON.stringify(value),
  };
  return { schema, form };
}
