// The sessions of our own synthetic venue: outputs as they were reviewed, and as the referee has them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { replayFiles } from '../../engine/recordings/replay.ts';
import { MARKETS_MAX } from '../../schemas/config.ts';
import { GOLDEN_SESSIONS } from '../support/recordings.ts';
import { assertSameResult } from '../support/recordings-equal.ts';
import { expectedText, GOLDEN_DEPTH } from '../support/recordings-golden.ts';
import { referenceReplay } from '../support/reference/replay.ts';

const BYTES_MAX = 200_000;

for (const { name, venue, path } of GOLDEN_SESSIONS) {
  test(`${name} gives the outputs kept in test/golden, and those of the referee`, async () => {
    const result = await replayFiles({
      files: [path],
      venue,
      speed: 0,
      workers: 1,
      marketsMax: MARKETS_MAX,
      plans: marketPlansOf({ usual: { bars: ['1s', '1m'] } }),
      depth: GOLDEN_DEPTH,
    });
    assertSameResult(result, referenceReplay([path], { venue, depth: GOLDEN_DEPTH }));
    const kept = readFileSync(path.replace('.ndjson', '.expected.json'), 'utf8');
    assert.ok(kept.length < BYTES_MAX, `expected less than ${BYTES_MAX} bytes, was ${kept.length}`);
    assert.deepEqual(result, JSON.parse(kept));
    assert.equal(expectedText(result), kept);
    assert.deepEqual([result.unknown, result.rejected], [0, {}]);
  });
}
