// The named, seeded workloads that benches share: frames as bytes, and what must come of them.

export type Workload = {
  readonly name: string;
  /** Payloads of the frames that come first and are not measured: snapshots. */
  readonly before: readonly Uint8Array[];
  /** Payloads of the measured frames. */
  readonly frames: readonly Uint8Array[];
  readonly updatesPerFrame: number;
};

const encoder = new TextEncoder();
/** Ahead of the engine's clock, by an hour or two: trades that lie behind it are late, and make no bars. */
export const START_MS = Math.ceil(Date.now() / 3_600_000 + 1) * 3_600_000;

/** The market of each frame by its number. */
export type MarketOrder = (index: number) => number;

/** Where frames go on: the number of the next one, and the last id of each market. */
export type Progress = { index: number; readonly ids: Float64Array };

const beginning = (markets: number): Progress => ({ index: 0, ids: new Float64Array(markets) });

const symbolOf = (market: number): string => `SYM${market}USDT`;

/** One-update Binance trade frames over `markets` markets, combined wrapper as recorded; ids and times rise. */
export function tradeFrames(
  count: number,
  markets: number,
  order: MarketOrder = (index) => (index * 7919) % markets,
  progress = beginning(markets),
): Workload {
  const { ids } = progress;
  const frames: Uint8Array[] = [];
  for (const end = progress.index + count; progress.index < end; progress.index++) {
    const i = progress.index;
    const market = order(i);
    const time = START_MS + Math.floor(i / 50);
    const price = (61_837.63 + ((i * 31) % 1000) / 100).toFixed(8);
    const quantity = (0.001 + ((i * 17) % 500) / 100_000).toFixed(8);
    const symbol = symbolOf(market);
    frames.push(
      encoder.encode(
        `{"stream":"${symbol.toLowerCase()}@trade","data":{"e":"trade","E":${time},"s":"${symbol}","t":${++ids[market]},"p":"${price}","q":"${quantity}","T":${time},"m":${i % 3 === 0},"M":true}}`,
      ),
    );
  }
  return { name: `binance trade × ${markets} markets`, before: [], frames, updatesPerFrame: 1 };
}

/** The same trades as normalised JSON messages, one a frame. */
export function jsonTradeFrames(count: number, markets: number): Workload {
  const ids = new Float64Array(markets);
  const frames: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const market = (i * 7919) % markets;
    const price = (61_837.63 + ((i * 31) % 1000) / 100).toFixed(8);
    const quantity = (0.001 + ((i * 17) % 500) / 100_000).toFixed(8);
    const time = new Date(START_MS + Math.floor(i / 50)).toISOString();
    frames.push(
      encoder.encode(
        `{"type":"trade","exchange":"binance","symbol":"${symbolOf(market)}","id":"${++ids[market]}","price":"${price}","amount":"${quantity}","side":"${i % 3 === 0 ? 'sell' : 'buy'}","timestamp":"${time}"}`,
      ),
    );
  }
  return { name: `normalised trade × ${markets} markets`, before: [], frames, updatesPerFrame: 1 };
}

/** Levels a side of the snapshots, and within how many ticks of the touch changes begin. */
export type DepthShape = { readonly levels: number; readonly band: number };

/** Binance depth frames of 16 levels near the touch, with their snapshots of `snapshotLevels` a side before them. */
export function depthFrames(
  count: number,
  markets: number,
  order: MarketOrder = (index) => (index * 7919) % markets,
  snapshotLevels = 500,
  band = 40,
  progress = beginning(markets),
): Workload {
  const levels = 8;
  const before: Uint8Array[] = [];
  const list = (base: number, step: number, quantity: (i: number) => string, n: number): string =>
    Array.from({ length: n }, (_, i) => `["${((base + i * step) / 100).toFixed(8)}","${quantity(i)}"]`).join(',');
  for (let market = 0; market < markets && progress.index === 0; market++) {
    before.push(
      encoder.encode(
        `{"snapshot":{"symbol":"${symbolOf(market)}","lastUpdateId":0,"bids":[${list(6_183_700, -1, () => '1.00000000', snapshotLevels)}],"asks":[${list(6_183_800, 1, () => '1.00000000', snapshotLevels)}]}}`,
      ),
    );
  }
  const { ids } = progress;
  const frames: Uint8Array[] = [];
  for (const end = progress.index + count; progress.index < end; progress.index++) {
    const i = progress.index;
    const market = order(i);
    const id = ++ids[market];
    const symbol = symbolOf(market);
    const time = START_MS + i;
    const amount = (j: number): string => (((i + j) % 5 === 0 ? 0 : (i * 13 + j * 7) % 9999) / 1000 + 0).toFixed(8);
    const from = 6_183_700 - ((i * 3) % band);
    const to = 6_183_800 + ((i * 5) % band);
    frames.push(
      encoder.encode(
        `{"stream":"${symbol.toLowerCase()}@depth@100ms","data":{"e":"depthUpdate","E":${time},"s":"${symbol}","U":${id},"u":${id},"b":[${list(from, -1, amount, levels)}],"a":[${list(to, 1, amount, levels)}]}}`,
      ),
    );
  }
  return { name: `binance depth of 16 levels × ${markets} markets`, before, frames, updatesPerFrame: 16 };
}
