// A process whose files may not become large: writes frames to a journal and prints what its writer told.

import { EngineClock, takeAnchor } from '../../engine/base/clock.ts';
import { JournalWriter } from '../../engine/journal/journal-writer.ts';
import { NodeFolder } from '../../engine/journal/node-folder.ts';
import { RingJournalLog } from '../../engine/journal/ring-log.ts';
import { createJournalMemory } from '../../engine/memory/engine-memory.ts';
import { JOURNAL_OPTIONS } from './journal-rig.ts';

const [folder, frames] = process.argv.slice(2);
const memory = createJournalMemory(1 << 20);
const clock = new EngineClock(takeAnchor());
const kinds: string[] = [];
const times = { nowMs: () => clock.nowNs() / 1e6, wallUs: () => clock.wallUs(clock.nowNs()) };
const options = { ...JOURNAL_OPTIONS, segmentBytes: 1 << 30 };
const writer = new JournalWriter(memory, NodeFolder.make(folder), options, times, 0, (event) => kinds.push(event.kind));
const log = new RingJournalLog(memory, writer.open().sequence);
const frame = new Uint8Array(3000);
for (let i = 0; i < Number(frames); i++) {
  log.frame(1, 0, 0, 1, 0, 0, new DataView(frame.fill(i).buffer), 0, frame.length);
  log.commit();
  if (i % 10 === 9) for (let wait = clock.nowNs() + 6e6; clock.nowNs() < wait; ) writer.turn();
}
writer.close();
console.log(JSON.stringify(kinds));
