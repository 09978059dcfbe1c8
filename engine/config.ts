// What the settings of markets mean, what of them is wrong, and the names of engine/settings by which the engine's own files know them.

import { barKindsOf } from './base/bar-kinds.ts';
import { UsageError } from './base/errors.ts';
import { type MarketPlans, marketPlansOf } from './base/market-plans.ts';
import { type SignalSpec, signalSpecOf } from './base/signal-specs.ts';
import type { Settings } from './settings/schema.ts';
import type { UserSignalFiles } from './user-signals.ts';

export { unknownVariables } from './settings/environment.ts';
export { loadSettings } from './settings/load.ts';
export { flagOf } from './settings/names.ts';
export { type Settings, type SettingsInput, settings } from './settings/schema.ts';
export { withoutSecrets } from './settings/shown.ts';

/** The compiler of signal files is loaded only where there are any. */
async function userSignalsOf(paths: readonly string[]): Promise<UserSignalFiles> {
  if (paths.length === 0) return { files: [], specs: [] };
  const { loadUserSignals } = await import('./user-signals.ts');
  return loadUserSignals(paths);
}

type PlanSettings = Pick<Settings, 'bars' | 'signals' | 'signal' | 'emptyBars' | 'lateness' | 'staleAfter' | 'markets'>;

/** What is kept of which market. Rejects with a UsageError where a kind, a signal or a file is wrong. */
export async function plansOf(values: PlanSettings): Promise<MarketPlans> {
  const { files, specs } = await userSignalsOf(values.signal);
  const { bars, signals, emptyBars, lateness, staleAfter, markets } = values;
  return marketPlansOf({
    usual: { bars, signals, emptyBars, latenessMs: lateness, staleAfterMs: staleAfter },
    ...(markets === null
      ? {}
      : {
          patterns: markets.map(({ lateness: latenessMs, staleAfter: staleAfterMs, ...rest }) => ({
            ...rest,
            latenessMs,
            staleAfterMs,
          })),
        }),
    users: specs,
    signalFiles: files,
  });
}

async function sentenceOf(look: () => unknown): Promise<string[]> {
  try {
    await look();
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [error.message];
  }
}

/** All that plansOf() would find wrong, one after another: names of bars and signals, and files of signals. */
export async function planFaults(values: PlanSettings): Promise<string[]> {
  const found = new Set<string>();
  const look = async (each: () => unknown, place = '--'): Promise<void> => {
    for (const sentence of await sentenceOf(each)) found.add(sentence.replace(/^--/, place));
  };
  const users: SignalSpec[] = [];
  for (const path of values.signal) await look(async () => users.push(...(await userSignalsOf([path])).specs));
  // One that is not known may be that of a file which is wrong.
  const areUsersKnown = found.size === 0;
  for (const [index, { bars = [], signals = [] }] of [values, ...(values.markets ?? [])].entries()) {
    const place = index === 0 ? '--' : `markets.${index - 1}.`;
    for (const kind of bars) await look(() => barKindsOf([kind]), place);
    for (const name of areUsersKnown ? signals : []) await look(() => signalSpecOf(name, users), place);
  }
  // Each may be right alone, and all together be too many.
  return found.size > 0 ? [...found] : sentenceOf(() => plansOf(values));
}
