// `millrace config --check`: all that is wrong with a file of settings, in one go.

import { accessOf } from '../access-settings.ts';
import { UsageError } from '../base/errors.ts';
import { planFaults } from '../config.ts';
import { feedPlans } from '../feed-settings.ts';
import { type LoadedSettings, loadedSettings, SettingsError } from '../settings/load.ts';
import { SETTINGS, type SettingKey, type Settings } from '../settings/schema.ts';

const EXIT_USAGE = 2;

type Found = { readonly sentences: readonly string[]; readonly warnings: readonly string[] };

const sentencesOf = (error: unknown): readonly string[] => {
  if (!(error instanceof UsageError)) throw error;
  return error instanceof SettingsError ? error.sentences : [error.message];
};

/** Each address, token and file of a venue alone: feedPlans() ends at the first that is wrong. */
function feedFaults(values: Settings): string[] {
  const bare = { ...values, venueUrl: [], venueToken: [], venueProxy: null, venueCa: null };
  const { venueUrl, venueToken, venueProxy, venueCa } = values;
  const parts: Partial<Settings>[] = [
    ...venueUrl.map((entry) => ({ venueUrl: [entry] })),
    ...venueToken.map((entry) => ({ venueToken: [entry] })),
    { venueProxy },
    { venueCa },
  ];
  return parts.flatMap((part) => {
    try {
      feedPlans({ ...bare, ...part });
      return [];
    } catch (error) {
      return [...sentencesOf(error)];
    }
  });
}

/** What the schema cannot see: names of bars and signals, addresses, and files that must be there. */
async function faultsOf(values: Settings): Promise<Found> {
  const sentences = [...(await planFaults(values)), ...feedFaults(values)];
  try {
    return { sentences, warnings: (await accessOf(values)).warnings };
  } catch (error) {
    return { sentences: [...sentences, ...sentencesOf(error)], warnings: [] };
  }
}

const GUARDS: readonly SettingKey[] = ['token', 'tokenFile', 'roleToken', 'roleTokenFile', 'tokens', 'insecure'];
const TLS: readonly SettingKey[] = ['tlsCert', 'tlsKey', 'tlsPassphraseFile'];

/** Others are not told to lack what the schema refused. */
function withoutNeedOf(refused: readonly string[], values: Settings): Settings {
  const isWithout = (keys: readonly SettingKey[]): boolean => keys.some((key) => refused.includes(key));
  return {
    ...values,
    ...(isWithout(GUARDS) ? { host: '127.0.0.1' } : {}),
    ...(isWithout(TLS) ? { tlsCert: null, tlsKey: null, tlsPassphraseFile: null } : {}),
    ...(isWithout(['signal']) ? { signals: [] } : {}),
  };
}

/** A sentence about an option is one about a line of the file: nobody typed the option. */
function placed(sentence: string, { origins }: LoadedSettings): string {
  const option = /^--[a-z-]+/.exec(sentence)?.[0];
  const setting = SETTINGS.find(({ flag }) => flag === option);
  if (option === undefined || setting === undefined || origins[setting.key] === 'default') return sentence;
  return `${origins[setting.key]}, ${setting.key}${sentence.slice(option.length)}`;
}

async function lookAt(path: string): Promise<Found & { readonly count: number }> {
  try {
    const loaded = loadedSettings({ config: path }, {});
    const { sentences, warnings } = await faultsOf(loaded.values);
    const place = (each: readonly string[]): string[] => each.map((sentence) => placed(sentence, loaded));
    const count = SETTINGS.filter(({ key }) => loaded.origins[key] !== 'default').length;
    return { sentences: place(sentences), warnings: place(warnings), count };
  } catch (error) {
    return { sentences: [...sentencesOf(error), ...(await otherFaults(error))], warnings: [], count: 0 };
  }
}

async function otherFaults(error: unknown): Promise<string[]> {
  if (!(error instanceof SettingsError) || error.others === null) return [];
  const { loaded, refused } = error.others;
  const { sentences } = await faultsOf(withoutNeedOf(refused, loaded.values));
  return sentences.map((sentence) => placed(sentence, loaded));
}

/** Resolves with the exit code. */
export async function check(path: string): Promise<number> {
  const { sentences, warnings, count } = await lookAt(path);
  for (const sentence of [...sentences, ...warnings.map((warning) => `warning: ${warning}`)])
    process.stderr.write(`millrace: ${sentence}\n`);
  if (sentences.length > 0) return EXIT_USAGE;
  process.stdout.write(`${path}: ${count} ${count === 1 ? 'setting' : 'settings'}, all right\n`);
  return 0;
}
