// The JSON Schema of a configuration file, for editors: made from the one schema of the settings.

import { z } from 'zod';
import { FORMS } from './kinds.ts';
import { SETTINGS, settings, usualText } from './schema.ts';

type Fragment = Record<string, unknown>;

const plain = (words: string): string => words.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1').replaceAll('`', '');
const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;

function described(fragment: Fragment, key: string): Fragment {
  const setting = SETTINGS.find((known) => known.key === key);
  if (setting === undefined) return fragment;
  const { default: _, ...rest } = fragment;
  const { meaning, when, usual, default: value } = setting;
  const description = `${sentence(meaning)} Default: ${plain(usualText(setting))}. ${plain(when)}`;
  return { description, ...rest, ...(usual === undefined && value !== null ? { default: value } : {}) };
}

/** Every fragment whose kind tells its form better than the walk can. */
function inner(): Record<string, Fragment> {
  const walked = z.toJSONSchema(settings, {
    // Editors know this draft best.
    target: 'draft-7',
    io: 'input',
    reused: 'inline',
    override: ({ zodSchema, jsonSchema }) => {
      const known = FORMS.get(zodSchema as unknown as z.ZodType);
      if (known === undefined) return;
      for (const key of Object.keys(jsonSchema)) delete (jsonSchema as Fragment)[key];
      Object.assign(jsonSchema, known.form.json);
    },
  });
  return walked.properties as Record<string, Fragment>;
}

/** The whole schema, as it stands in schemas/config.schema.json. */
export function jsonSchema(): Fragment {
  const properties = Object.entries(inner()).map(([key, fragment]) => [key, described(fragment, key)]);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Settings of Millrace',
    description: 'The file of `millrace start --config FILE`, in YAML or JSON.',
    type: 'object',
    properties: {
      $schema: { type: 'string', description: 'Where editors find this schema; the engine leaves it out.' },
      ...Object.fromEntries(properties),
    },
    additionalProperties: false,
  };
}
