// Signals from users' files in a running engine: told like any other, switched off when they throw, and left behind by
// a shard that begins anew when they never return.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { UsageError } from '../../engine/base/errors.ts';
import { type MarketPlans, marketPlansOf } from '../../engine/base/market-plans.ts';
import { loadUserSignals } from '../../engine/user-signals.ts';
import { type Client, eventually, hourAheadMs, LiveEngine } from '../support/live-engine.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-signals-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Share of the volume that takers bought, as a person would write it: types, an import of its own, a pure function. */
const SHARE = `
import { defineSignal } from 'millrace/signal';
import { ratio } from ${JSON.stringify('./ratio.ts')};
type State = { readonly bought: number; readonly all: number };
export default defineSignal<'trade', State>({
  name: 'bought-share',
  on: 'trade',
  outputs: ['share', 'all'],
  start: () => ({ bought: 0, all: 0 }),
  update: (state, trade) => {
    const next = { bought: state.bought + (trade.side === 1 ? trade.quantity : 0), all: state.all + trade.quantity };
    const value = ratio(next.bought, next.all);
    return { state: next, value, second: next.all, event: value > 0.5 ? 'above' : null };
  },
});
`;

/** Throws, or never returns, at the trade with the price 13. */
const faulty = (name: string, fault: string): string => `
export default {
  name: '${name}',
  on: 'trade' as const,
  start: () => 0,
  update: (count: number, trade: { price: number }) => {
    if (trade.price === 13) { ${fault} }
    return { state: count + 1, value: count + 1 };
  },
};
`;

async function plansWith(...paths: string[]): Promise<MarketPlans> {
  const { files, specs } = await loadUserSignals(paths);
  return marketPlansOf({ users: specs, signalFiles: files });
}

/** Trades lie ahead of the engine's clock, which would else close their bars before they come. */
const startUs = hourAheadMs() * 1000;
let sent = 0;

function trade(symbol: string, price: string, side = 'buy'): object {
  sent++;
  const timestamp = new Date(startUs / 1000 + sent).toISOString();
  return { type: 'trade', exchange: 'x', symbol, id: String(sent), price, amount: '2', side, timestamp };
}

function snapshot(symbol: string): object {
  const level = (price: string): object => ({ price, amount: '1' });
  const timestamp = new Date(startUs / 1000 + sent).toISOString();
  return { type: 'book_snapshot', exchange: 'x', symbol, bids: [level('10')], asks: [level('11')], timestamp };
}

type Shown = { readonly value: number | null; readonly isWarm: boolean; readonly values?: Record<string, number> };
type Signals = Readonly<Record<string, Shown>>;

function signals(live: LiveEngine, market: string, fits: (found: Signals) => boolean): Promise<Signals> {
  return eventually(`signals of ${market}`, async () => {
    const { status, body } = await live.text(`/v1/signals/${encodeURIComponent(market)}`);
    if (status !== 200) return null;
    const found = JSON.parse(body) as Signals;
    return fits(found) ? found : null;
  });
}

type Stats = {
  readonly signalsOff: readonly { readonly name: string; readonly reason: string }[];
  readonly shardRestarts: number;
};

/** The statistics once they name a signal that was switched off: the reason comes on another way than the values. */
function switched(live: LiveEngine): Promise<Stats> {
  return eventually('the switch', async () => {
    const stats = await live.get<Stats>('/v1/stats');
    return stats.signalsOff.length > 0 ? stats : null;
  });
}

async function withEngine(
  plans: MarketPlans,
  workers: number,
  run: (live: LiveEngine, producer: Client) => Promise<void>,
): Promise<void> {
  const live = await LiveEngine.start({ plans, workers });
  try {
    const producer = await live.producer('json');
    await run(live, producer);
    await producer.close();
  } finally {
    await live.stop();
  }
}

describe('a signal of a user', () => {
  test('is told on its channel and by HTTP with its outputs, in TypeScript with imports of its own', async () => {
    file('ratio.ts', 'export const ratio = (part: number, all: number): number => part / all;\n');
    await withEngine(await plansWith(file('share.ts', SHARE)), 1, async (live, producer) => {
      producer.send(trade('A', '10'));
      await signals(live, 'x:A', (found) => found['bought-share']?.value === 1);
      const subscriber = await live.subscriber();
      const { errors } = await subscriber.subscribe('signal.bought-share.x:A');
      assert.deepEqual(errors, []);
      await subscriber.next('the value so far', (message) => message['type'] === 'signal');
      for (const side of ['sell', 'sell', 'buy', 'buy', 'buy']) producer.send(trade('A', '10', side));
      const told = await subscriber.next('the last', ({ values }) => (values as Shown['values'])?.['all'] === 12);
      assert.equal(told['value'], 4 / 6);
      assert.equal(told['event'], 'above');
      const found = await signals(live, 'x:A', (all) => all['bought-share'].values?.['all'] === 12);
      assert.deepEqual(found['bought-share'].values, { share: 4 / 6, all: 12 });
      await subscriber.close();
    });
  });

  test('that throws is switched off everywhere, counted and reported; nothing else is harmed', async () => {
    const paths = [file('throws.ts', faulty('throws', "throw new Error('thirteen');")), file('share.ts', SHARE)];
    file('ratio.ts', 'export const ratio = (part: number, all: number): number => part / all;\n');
    await withEngine(await plansWith(...paths), 2, async (live, producer) => {
      for (const symbol of ['A', 'B']) producer.send(trade(symbol, '10'));
      await signals(live, 'x:B', (found) => found['throws']?.value === 1);
      producer.send(trade('A', '13'));
      producer.send(trade('B', '10'));
      const found = await signals(live, 'x:B', (all) => all['bought-share'].values?.['all'] === 4);
      await signals(live, 'x:A', (all) => all['throws'].value === null);
      assert.equal(found['cvd'].value, 4);
      const stats = await switched(live);
      assert.deepEqual(stats.signalsOff, [{ name: 'throws', reason: 'threw: thirteen' }]);
      assert.equal(stats.shardRestarts, 0);
      const health = await live.get<{ status: string; reasons: string[] }>('/health');
      assert.deepEqual(health, { status: 'degraded', reasons: ['signal throws is switched off: it threw: thirteen'] });
      const { body } = await live.text('/metrics');
      assert.match(body, /signals_off[^\n]* 1\n/);
      producer.send(trade('B', '10'));
      const after = await signals(live, 'x:B', (all) => all['bought-share'].values?.['all'] === 6);
      assert.equal(after['throws'].value, null);
    });
  });

  test('that gives what is no number is switched off as one that throws', async () => {
    const text = faulty('odd', 'return { state: 0, value: {} as unknown as number };');
    await withEngine(await plansWith(file('odd.ts', text)), 1, async (live, producer) => {
      producer.send(trade('A', '13'));
      const { signalsOff } = await switched(live);
      assert.match(signalsOff[0].reason, /expected value to be a number/);
    });
  });

  test('that never returns is left behind: its shard begins anew, its markets wait for snapshots, others never notice', async () => {
    const path = file('stuck.ts', faulty('stuck', 'for (;;) { /* never returns */ }'));
    await withEngine(await plansWith(path), 2, async (live, producer) => {
      for (const symbol of ['A', 'B']) {
        producer.send(snapshot(symbol));
        producer.send(trade(symbol, '10'));
      }
      await signals(live, 'x:A', (found) => found['stuck']?.value === 1);
      await signals(live, 'x:B', (found) => found['stuck']?.value === 1);
      producer.send(trade('A', '13'));
      producer.send(trade('B', '12'));
      const other = await signals(live, 'x:B', (found) => found['stuck'].value === 2);
      assert.equal(other['cvd'].value, 4);
      const stats = await eventually('a shard that began anew', async () => {
        const found = await live.get<Stats>('/v1/stats');
        return found.shardRestarts === 1 ? found : null;
      });
      assert.deepEqual(stats.signalsOff, [{ name: 'stuck', reason: 'did not return' }]);
      const [, shard] = await eventually('the batch left out', async () => {
        const { shards } = await live.get<{ shards: { cutShort: number }[] }>('/v1/stats');
        return shards[0].cutShort > 0 ? shards : null;
      });
      assert.equal(shard.cutShort, 0);
      const book = await live.book('x:A', 0);
      assert.deepEqual([book.state, book.reason, book.bids], ['resyncing', 'restart', []]);
      assert.deepEqual([(await live.book('x:B', 1)).state, (await live.book('x:B', 1)).bids.length], ['live', 1]);
      producer.send(snapshot('A'));
      producer.send(trade('A', '10'));
      // Numbers go on: the snapshot is the book's second change.
      const again = await live.book('x:A', 2);
      assert.deepEqual([again.state, again.bids], ['live', [{ price: '10', amount: '1' }]]);
      const after = await signals(live, 'x:A', (found) => found['cvd'].value !== null);
      const bars = await live.get<{ completeness: string }[]>('/v1/bars/x%3AA?kind=1m');
      assert.equal(bars.at(-1)?.completeness, 'gap');
      assert.deepEqual([after['stuck'].value, after['stuck'].isWarm], [null, false]);
    });
  });
});

describe('a signal file that cannot be used is refused with its name and the reason:', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['no such syntax', 'export default {', /expected a module that can be read/],
    ['an import that is not there', "import './nowhere.ts';\nexport default {};", /nowhere/],
    ["a module of Node's own", "import fs from 'node:fs';\nexport default { fs };", /node:fs/],
    ['no default export', 'export const name = 1;', /expected a default export/],
    ['a name with capitals', 'export default { name: "Mine", on: "bar" };', /expected name of lower-case/],
    ['the name of a built-in signal', 'export default { name: "rsi", on: "bar" };', /expected a name of its own/],
    ['nothing that drives it', 'export default { name: "a", on: "tick" };', /expected on to be/],
    ['no function', 'export default { name: "a", on: "bar", start: 1 };', /expected functions start and update/],
    ['a module that throws', 'throw new Error("at once");', /at once/],
    ['a module that never ends', 'for (;;);', /timed out/],
    [
      'an export that throws when it is read',
      'export default { get name() { throw Error("no"); } };',
      /was: Error: no/,
    ],
    ['one that throws what throws again', 'throw new Proxy({}, { get() { throw 1; } });', /cannot be told/],
    [
      'a bar kind that is none',
      'export default { name: "a", on: "bar", barKind: "7x", start: () => 0, update: () => ({ state: 0, value: 0 }) };',
      /7x/,
    ],
  ];
  for (const [what, text, message] of cases) {
    test(what, async () => {
      const path = file('bad.ts', text);
      await assert.rejects(
        loadUserSignals([path]),
        (error) => error instanceof UsageError && message.test(error.message) && error.message.includes('--'),
      );
    });
  }

  test('a file that is not there', async () => {
    await assert.rejects(loadUserSignals([join(folder, 'absent.ts')]), /--signal .*absent/);
  });
});
