// What the settings of markets mean, and the names of engine/settings by which the engine's own files know them.

import { type MarketPlans, marketPlansOf } from './base/market-plans.ts';
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
