// The entry of a process that replays an engine's journal for one client: lines to stdout, all else to its parent.

import { constants, setPriority } from 'node:os';
import { LineOutput } from './line-output.ts';
import type { FromReplay, ReplayOrder } from './replay-process.ts';
import { streamReplay } from './replay-stream.ts';

/** The engine that runs beside goes first, and still the replay comes on where the machine is busy. */
const PRIORITY = constants.priority.PRIORITY_BELOW_NORMAL;

function tell(message: FromReplay): void {
  process.send?.(message);
}

async function run({ folder, request, plans, marketsMax }: ReplayOrder): Promise<void> {
  const out = new LineOutput(process.stdout);
  const { journals } = await streamReplay({
    ...{ files: [folder], venue: null, speed: 0, request, plans, marketsMax },
    onBegin: (firstUs) => tell({ op: 'begun', begun: firstUs }),
    write: (text) => out.write(text),
  });
  await out.end();
  // The engine is writing the end of its last segment: that is no damage.
  const damages = journals.flatMap((read) => read.damages.filter((sentence) => !sentence.includes('torn-tail')));
  tell({ op: 'ended', ended: damages });
}

// Before any thread is started: threads have the priority of who starts them.
setPriority(PRIORITY);
// The engine has ended, or wants no more.
process.on('disconnect', () => process.exit(0));
process.once('message', (order) => {
  run(order as ReplayOrder)
    .then(() => process.exit(0))
    .catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      tell({ op: 'failed', reason, kind: '' });
      process.exitCode = 1;
      process.disconnect();
    });
});
