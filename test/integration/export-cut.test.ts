// An export of a running engine whose connection is cut for longer than the engine holds the stream: the journal has the rest.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { createClient } from '../../engine/client/node.ts';
import { EngineSource } from '../../engine/export/engine-source.ts';
import { Exporter } from '../../engine/export/exporter.ts';
import { tablesOf } from '../../engine/export/options.ts';
import { queried } from '../support/export-rows.ts';
import { eventually, LiveEngine, type Client as Producer } from '../support/live-engine.ts';
import { journalIn } from '../support/recovery-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-export-cut-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The way to the engine, which a test cuts and lays again, to another engine too. */
class Cable {
  isCut = false;
  target = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((client) => {
    if (this.isCut) {
      client.destroy();
      return;
    }
    const engine = connect(this.target, '127.0.0.1');
    for (const [a, b] of [
      [client, engine],
      [engine, client],
    ]) {
      this.sockets.add(a);
      a.on('error', () => undefined).on('close', () => b.destroy());
      a.pipe(b);
    }
  });

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as { port: number }).port;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

/** An engine, who sends to it, and how many trades had been sent before it began. */
type Live = { readonly engine: LiveEngine; readonly producer: Producer; readonly before: number };

const tradeFrame = (n: number): string =>
  JSON.stringify({
    ...{ type: 'trade', exchange: 'demo', symbol: n % 2 === 0 ? 'A' : 'B/C', id: String(n), price: `10.${n}` },
    ...{ amount: '0.5', side: 'buy', timestamp: new Date(Date.UTC(2026, 0, 1) + n * 600).toISOString() },
  });

test('an export has each trade once over a cut of its connection and over a new engine', async (t) => {
  const journal = journalIn(join(folder, 'journal'));
  const plans = marketPlansOf({ usual: { bars: ['5t'], signals: [] } });
  const cable = new Cable();
  const url = `ws://127.0.0.1:${await cable.listen()}`;
  let sent = 0;
  const start = async (): Promise<Live> => {
    const engine = await LiveEngine.start({ plans, journal });
    cable.target = engine.engine.port;
    return { engine, producer: await engine.producer('json'), before: sent };
  };
  let live = await start();
  t.after(() => end());
  t.after(() => cable.close());
  const send = async (frames: number): Promise<void> => {
    for (let i = 0; i < frames; i++) live.producer.send(tradeFrame(++sent));
    await live.engine.taken(sent - live.before);
  };
  const end = async (): Promise<void> => {
    await live.producer.close();
    await live.engine.stop();
  };
  const exporter = await Exporter.open({
    ...{ folder: join(folder, 'out'), format: 'csv', compression: 'none', createdBy: 'test', source: url, kept: {} },
    ...{ tables: tablesOf('trade,bar.5t'), rollMs: null, rollBytes: null },
  });
  const client = createClient({ url, reconnect: { delayMs: 20, delayMaxMs: 50, firstAttemptsMax: 1_000 } });
  t.after(() => client.close());
  const options = { client, exporter, channels: ['trade', 'bar.5t'], markets: ['*'], tell: () => undefined };
  const source = new EngineSource({ ...options, againMs: 50 });
  const running = source.run();
  await eventually('the export listens', async () => {
    const { subscribers } = await live.engine.get<{ subscribers: { subscriptions: number }[] }>('/v1/stats?markets=0');
    return subscribers[0]?.subscriptions === 2;
  });
  /** Trades and bars: two markets have alternate trades, and each fifth of one ends a bar. */
  const rows = (): number => sent + 2 * Math.floor(sent / 2 / 5);
  const arrived = (): Promise<unknown> => eventually('all rows', () => exporter.count === rows());
  await send(40);
  await arrived();
  cable.cut();
  await send(20);
  await end();
  live = await start();
  await send(60);
  cable.isCut = false;
  await arrived();
  await send(30);
  await arrived();
  source.stop();
  await running;
  await client.close();
  const { gaps } = await exporter.close();
  const ids = await queried(`SELECT count(*), count(DISTINCT id), max(id) FROM '${folder}/out/trade/**/*.csv'`);
  assert.deepEqual(ids, [[String(sent), String(sent), String(sent)]]);
  const bars = await queried(`SELECT count(*), sum(trades) FROM '${folder}/out/bar.5t/**/*.csv'`);
  assert.deepEqual(bars, [[String(rows() - sent), String(5 * (rows() - sent))]]);
  assert.equal(gaps, 0, readFileSync(`${folder}/out/gaps.csv`, 'utf8'));
});
