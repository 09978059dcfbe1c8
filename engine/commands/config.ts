// `millrace config`: the settings that `start` would use, where each is from, what is wrong with a file, and its schema.

import { accessOf } from '../access-settings.ts';
import { UsageError } from '../base/errors.ts';
import { plansOf, type Settings, unknownVariables } from '../config.ts';
import { feedPlans } from '../feed-settings.ts';
import { jsonSchema } from '../settings/json-schema.ts';
import { loadedSettings, SettingsError } from '../settings/load.ts';
import { SETTINGS } from '../settings/schema.ts';
import {
  explained,
  explainedText,
  SHOWN_FORMATS,
  type ShownFormat,
  structureText,
  withoutSecrets,
} from '../settings/shown.ts';

export type ConfigFlags = Readonly<Record<string, unknown>> & {
  readonly format?: string;
  readonly explain?: boolean;
  readonly check?: string;
  readonly schema?: boolean;
};

const EXIT_USAGE = 2;

function formatOf(text: string | undefined): ShownFormat | null {
  if (text === undefined) return null;
  const found = SHOWN_FORMATS.find((name) => name === text);
  if (found === undefined) throw new UsageError(`--format: expected json or yaml, was ${JSON.stringify(text)}`);
  return found;
}

/** What the schema cannot see: names of bars and signals, addresses, and files that must be there. */
async function faultsOf(
  values: Settings,
): Promise<{ readonly faults: string[]; readonly warnings: readonly string[] }> {
  const faults: string[] = [];
  let warnings: readonly string[] = [];
  const looks = [
    () => plansOf(values),
    () => feedPlans(values),
    async () => (warnings = (await accessOf(values)).warnings),
  ];
  for (const look of looks) {
    try {
      await look();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      faults.push(error.message);
    }
  }
  return { faults, warnings };
}

async function check(path: string): Promise<number> {
  let sentences: readonly string[];
  let warnings: readonly string[] = [];
  let count = 0;
  try {
    const { values, origins } = loadedSettings({ config: path }, {});
    count = SETTINGS.filter(({ key }) => origins[key] !== 'default').length;
    ({ faults: sentences, warnings } = await faultsOf(values));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    sentences = error instanceof SettingsError ? error.sentences : [error.message];
  }
  for (const sentence of [...sentences, ...warnings.map((warning) => `warning: ${warning}`)])
    process.stderr.write(`millrace: ${sentence}\n`);
  if (sentences.length > 0) return EXIT_USAGE;
  process.stdout.write(`${path}: ${count} ${count === 1 ? 'setting' : 'settings'}, all right\n`);
  return 0;
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
