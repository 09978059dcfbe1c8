// Work that comes no further is told of, and work that does is left alone.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { IdleWatch } from '../../engine/base/idle-watch.ts';

test('idleness is told after the whole time without progress', () => {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    let step = 0;
    let told = 0;
    new IdleWatch(
      8_000,
      () => String(step),
      () => told++,
    );
    mock.timers.tick(7_000);
    step++;
    mock.timers.tick(8_000);
    assert.equal(told, 0, 'progress renews it');
    mock.timers.tick(1_000);
    assert.equal(told, 1);
  } finally {
    mock.timers.reset();
  }
});
