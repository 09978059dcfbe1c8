// An engine as a process of its own, so that what it holds is not mixed with what the bench holds.

import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { startEngine } from '../../engine/main.ts';
import { createLog } from '../../engine/observe/log.ts';

export type EnginePorts = { readonly port: number; readonly ingestPort: number };

const engine = await startEngine({
  ...{ host: '127.0.0.1', port: 0, ingestPort: 0, workers: 1, marketsMax: 1024, token: null },
  plans: marketPlansOf({ usual: { bars: ['1s', '1m'] } }),
  shutdownTimeoutMs: 10_000,
  log: createLog('silent'),
});
process.send?.({ port: engine.port, ingestPort: engine.ingestPort } satisfies EnginePorts);
process.once('disconnect', () => {
  engine.stop().then(() => process.exit(0));
});
