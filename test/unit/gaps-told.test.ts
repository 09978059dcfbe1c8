// Owns the proof that a journal which is read says where gaps stood, and nothing is written ahead of that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineClock, takeAnchor } from '../../engine/base/clock.ts';
import { FrameWriter } from '../../engine/ingress/frame-writer.ts';
import { createEngineMemory } from '../../engine/memory/engine-memory.ts';
import { RingReader } from '../../engine/ring/spsc-ring.ts';
import { RecordType } from '../../schemas/ids.ts';
import { SLOT_BYTES } from '../../schemas/layout.ts';

for (const areGapsTold of [false, true]) {
  test(`a gap that is owed ${areGapsTold ? 'waits for its entry while a journal is read' : 'goes ahead of the next record'}`, () => {
    const memory = createEngineMemory({ shards: 1, marketsMax: 2, inputSlots: 64 }, takeAnchor());
    const writer = new FrameWriter(memory, new EngineClock(memory.anchor), 'drop');
    writer.areGapsTold = areGapsTold;
    writer.beginEntry(1000);
    writer.markDropped(0);
    writer.begin();
    assert.ok(writer.claim(1, RecordType.trade) >= 0);
    writer.end();
    writer.commit();
    const ring = new RingReader(memory.shards[0].input);
    const types = Array.from({ length: ring.available() }, (_, offset) => ring.u8[ring.slotAt(offset) * SLOT_BYTES]);
    const records = types.filter((type) => type !== RecordType.stamp && type !== RecordType.clock);
    assert.deepEqual(records, areGapsTold ? [RecordType.trade] : [RecordType.gap, RecordType.trade]);
    writer.areGapsTold = false;
    assert.ok(writer.payAll('drop'));
  });
}
