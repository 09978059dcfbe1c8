// What scenarios of dying shards share: an engine with a measuring process on shard 0, and trades that do harm to shard 1.

import { Client } from '../support/live-engine.ts';
import type { EngineUnderTest } from './engine-under-test.ts';

/** Trades of one market, pushed one by one. */
export class Pusher {
  sent = 0;
  private readonly client: Client;
  private readonly symbol: string;
  private id = 0;

  private constructor(client: Client, symbol: string) {
    this.client = client;
    this.symbol = symbol;
  }

  /** Its market is named after those that are there: the second is of shard 1, of two. */
  static async open(engine: EngineUnderTest, symbol: string): Promise<Pusher> {
    const client = await Client.open(`ws://127.0.0.1:${engine.ingestPort}/ingest/json`);
    const pusher = new Pusher(client, symbol);
    pusher.trade();
    return pusher;
  }

  /** One trade; `id` is one that does harm, or the next of its own. */
  trade(id = ++this.id): void {
    this.sent++;
    this.client.send({
      ...{
        type: 'trade',
        exchange: 'harm',
        symbol: this.symbol,
        id: String(id),
        price: '10',
        amount: '1',
        side: 'buy',
      },
      timestamp: new Date().toISOString(),
    });
  }

  close(): Promise<void> {
    return this.client.close();
  }
}
