// What one setting is: its values, its default, and all that is told of it in help, documents and editors.

import { z } from 'zod';
import type { Form, Kind } from './kinds.ts';

/** Groups in the order they are told in. */
export const GROUPS = {
  feeds: 'Feeds',
  ports: 'Ports',
  markets: 'Markets, bars and signals',
  journal: 'Journal and recovery',
  security: 'Security',
  limits: 'Limits',
  process: 'Process and log',
  synthetic: 'Synthetic feed',
} as const;

export type GroupName = keyof typeof GROUPS;

export type About = {
  readonly group: GroupName;
  /** One sentence without its final dot, for help and documents; in documents its words in `…` are code. */
  readonly meaning: string;
  /** When a person would change it: sentences. */
  readonly when: string;
  /** More for the document alone: sentences, in Markdown. */
  readonly more?: string;
  /** The default in words, where it is another on another machine or is made elsewhere. */
  readonly usual?: string;
  /** The value as it may be shown; only where it is or holds a secret, which then is in no sentence. */
  readonly hide?: (value: never) => unknown;
  /** Keys of the objects inside, where it has a structure. */
  readonly innerKeys?: readonly string[];
};

export type SettingMeta = { readonly form: Form; readonly about: About; readonly usual: unknown };

/** What is told of each setting, by its schema. */
export const METAS = z.registry<SettingMeta>();

type Usual<Schema extends z.ZodType> = z.core.util.NoUndefined<z.output<Schema>>;

export function setting<Schema extends z.ZodType>(
  { schema, form }: Kind<Schema>,
  usual: Usual<Schema>,
  about: About,
): z.ZodDefault<Schema> {
  const found = schema.default(usual);
  METAS.add(found, { form, about, usual });
  return found;
}

/** Null, and in no source, where it is not set. */
export function unset<Schema extends z.ZodType>(
  { schema, form }: Kind<Schema>,
  about: About,
): z.ZodDefault<z.ZodNullable<Schema>> {
  const found = z.nullable(schema).default(null as Usual<z.ZodNullable<Schema>>);
  METAS.add(found, { form, about, usual: null });
  return found;
}
