// Owns the checks of bar kind names: what each means exactly, and which are refused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { barKindOf, barKindsOf } from '../../engine/base/bar-kinds.ts';
import { UsageError } from '../../engine/base/errors.ts';
import { BAR_KINDS_MAX } from '../../schemas/config.ts';
import { BarType } from '../../schemas/ids.ts';

describe('barKindOf', () => {
  for (const [name, intervalMs] of [
    ['100ms', 100],
    ['1500ms', 1500],
    ['1s', 1000],
    ['1m', 60_000],
    ['4h', 14_400_000],
    ['1d', 86_400_000],
    ['7d', 604_800_000],
    ['1w', 604_800_000],
  ] as const) {
    it(`reads ${name} as time bars of ${intervalMs} ms`, () => {
      const expected = {
        name,
        type: BarType.time,
        interval: intervalMs,
        thresholdMilli: intervalMs * 1000,
        thresholdAtto: 0,
      };
      assert.deepEqual(barKindOf(name), expected);
    });
  }

  for (const [name, type, thresholdMilli, thresholdAtto, interval] of [
    ['100t', BarType.tick, 100_000, 0, 100],
    ['10v', BarType.volume, 10_000, 0, 10],
    ['0.5v', BarType.volume, 500, 0, 0.5],
    ['0.0005v', BarType.volume, 0, 5e14, 0.0005],
    ['0.000000000000000001v', BarType.volume, 0, 1, 1e-18],
    ['999999999999.999999999999999999n', BarType.notional, 999_999_999_999_999, 999_999_999_999_999, 1e12],
    ['1000n', BarType.notional, 1_000_000, 0, 1000],
    ['2.5r', BarType.range, 2500, 0, 2.5],
    ['50ti', BarType.tickImbalance, 50_000, 0, 50],
    ['10.25vi', BarType.volumeImbalance, 10_250, 0, 10.25],
    ['1000ni', BarType.notionalImbalance, 1_000_000, 0, 1000],
  ] as const) {
    it(`reads ${name} with its exact threshold`, () => {
      assert.deepEqual(barKindOf(name), { name, type, interval, thresholdMilli, thresholdAtto });
    });
  }

  for (const [what, names] of [
    [
      'names that are none',
      ['', 's', '10', '10x', '1M', '1S', '10T', '10it', '5ri', '1m1s', ' 1m', '1m\n', 'constructor'],
    ],
    ['numbers that are none', ['-1s', '+1s', '01s', '1e3v', '.5v', '5.v', '1,5v', '٣t', '0x1v', 'NaNv']],
    ['more digits than a threshold has', ['1000000000000v', '0.0000000000000000001v']],
    ['times that no clock step ends', ['50ms', '150ms', '0s', '0ms', '1.5s', '0.1s', '1.0m']],
    ['times longer than a week', ['8d', '2w', '604801s', '999999999999w']],
    ['a threshold of nothing', ['0t', '0v', '0.000n', '0r', '0ti']],
    ['a part of a trade', ['1.5t', '0.5ti', '1.0t']],
  ] as const) {
    it(`refuses ${what}, and says what was written`, () => {
      for (const name of names) {
        assert.throws(
          () => barKindOf(name),
          (error) => error instanceof UsageError && error.message.includes(JSON.stringify(name)),
          name,
        );
      }
    });
  }
});

describe('barKindsOf', () => {
  it('keeps the order and takes each name once, without the spaces around it', () => {
    const names = barKindsOf(['5m', ' 100t', '1s', '5m ', '100t']).map(({ name }) => name);
    assert.deepEqual(names, ['5m', '100t', '1s']);
  });

  it('refuses more kinds than an engine has', () => {
    const names = Array.from({ length: BAR_KINDS_MAX + 1 }, (_, index) => `${index + 1}t`);
    assert.equal(barKindsOf(names.slice(1)).length, BAR_KINDS_MAX);
    assert.throws(() => barKindsOf(names), UsageError);
  });
});
