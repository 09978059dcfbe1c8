// What the readers of one Injective connection share: ids, decimals, how the stream prints and in which scale. Hot path.

import type { RecordSink } from '../../decode/sink.ts';
import { MarketId } from './market-id.ts';
import { MarketTable } from './market-table.ts';
import { StreamNumbers } from './numbers.ts';
import { ScaleGuard } from './scale-guard.ts';

export class Shared {
  readonly id = new MarketId();
  readonly table = new MarketTable();
  readonly numbers = new StreamNumbers();
  readonly guard = new ScaleGuard();
  /** True where the connection has declared its chain stream to be in chain units. */
  isStreamChainScaled = false;
  /** The market of the id read last. */
  private lastMarket = -1;

  /** The market whose id, in any writing, is bytes[from..to), or a negative FrameResult. */
  market(sink: RecordSink, bytes: Uint8Array, from: number, to: number): number {
    const read = this.id.read(bytes, from, to);
    this.lastMarket = read < 0 ? read : sink.market(this.id.text, 0, this.id.length);
    return this.lastMarket;
  }

  /** True where the decimals of the market, the one read last, are known; they are then in the table's shifts. */
  findDecimals(market: number): boolean {
    return market === this.lastMarket && this.table.find(this.id);
  }
}
