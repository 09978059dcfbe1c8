// `millrace config`: the settings that `start` would use, where each is from, what is wrong with a file, and its schema.

import { UsageError } from '../base/errors.ts';
import { unknownVariables } from '../config.ts';
import { jsonSchema } from '../settings/json-schema.ts';
import { loadedSettings } from '../settings/load.ts';
import {
  explained,
  explainedText,
  SHOWN_FORMATS,
  type ShownFormat,
  structureText,
  withoutSecrets,
} from '../settings/shown.ts';
import { check } from './config-check.ts';

export type ConfigFlags = Readonly<Record<string, unknown>> & {
  readonly format?: string;
  readonly explain?: boolean;
  readonly check?: string;
  readonly schema?: boolean;
};

function formatOf(text: string | undefined): ShownFormat | null {
  if (text === undefined) return null;
  const found = SHOWN_FORMATS.find((name) => name === text);
  if (found === undefined) throw new UsageError(`--format: expected json or yaml, was ${JSON.stringify(text)}`);
  return found;
}

function print({ format, explain, check: _, schema: __, ...given }: ConfigFlags, environment: NodeJS.ProcessEnv): void {
  const shownFormat = formatOf(format);
  const loaded = loadedSettings(given, environment);
  for (const warning of unknownVariables(environment)) process.stderr.write(`millrace: warning: ${warning}\n`);
  if (explain !== true) process.stdout.write(structureText(withoutSecrets(loaded.values), shownFormat ?? 'json'));
  else if (shownFormat === null) process.stdout.write(explainedText(loaded));
  else process.stdout.write(structureText(explained(loaded), shownFormat));
}

/** Resolves with the exit code. */
export async function config(flags: ConfigFlags, environment: NodeJS.ProcessEnv): Promise<number> {
  if (flags.check !== undefined) return check(flags.check);
  if (flags.schema === true) process.stdout.write(structureText(jsonSchema(), 'json'));
  else print(flags, environment);
  return 0;
}
