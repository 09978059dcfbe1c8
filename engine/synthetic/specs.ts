// Owns what the synthetic markets are: names, start prices, tick and lot sizes, per dialect.

import { assert } from '../base/assert.ts';

/** Dialects the generator can spell. */
export const SYNTHETIC_DIALECTS = ['json', 'binance', 'binance-futures', 'kraken', 'coinbase'] as const;
export type SyntheticDialect = (typeof SYNTHETIC_DIALECTS)[number];

/** The venue that normalised messages name. */
export const SYNTHETIC_VENUE = 'synthetic';

export type MarketSpec = {
  readonly symbol: string;
  /** The tick size is 10^-priceDecimals, the lot size 10^-quantityDecimals. */
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  readonly startPriceTicks: number;
  /** Typical quantity of a level near the touch. */
  readonly meanLots: number;
};

type Asset = {
  readonly base: string;
  readonly startPriceTicks: number;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  readonly meanQuantity: number;
};

/** Prices of early 2026 in USDT and the decimals of Binance spot; a level near the touch is worth a few thousand dollars. */
const ASSETS: readonly Asset[] = [
  { base: 'BTC', startPriceTicks: 9_701_234, priceDecimals: 2, quantityDecimals: 5, meanQuantity: 0.12 },
  { base: 'ETH', startPriceTicks: 341_257, priceDecimals: 2, quantityDecimals: 4, meanQuantity: 2.4 },
  { base: 'SOL', startPriceTicks: 18_642, priceDecimals: 2, quantityDecimals: 3, meanQuantity: 35 },
  { base: 'XRP', startPriceTicks: 23_175, priceDecimals: 4, quantityDecimals: 1, meanQuantity: 2_600 },
  { base: 'DOGE', startPriceTicks: 35_412, priceDecimals: 5, quantityDecimals: 0, meanQuantity: 14_000 },
  { base: 'ADA', startPriceTicks: 7_512, priceDecimals: 4, quantityDecimals: 1, meanQuantity: 5_200 },
  { base: 'AVAX', startPriceTicks: 2_731, priceDecimals: 2, quantityDecimals: 2, meanQuantity: 140 },
  { base: 'LINK', startPriceTicks: 19_874, priceDecimals: 3, quantityDecimals: 2, meanQuantity: 190 },
];

function symbolOf(dialect: SyntheticDialect, base: string): string {
  if (dialect === 'kraken') return `${base}/USD`;
  if (dialect === 'coinbase') return `${base}-USD`;
  return dialect === 'json' ? `${base}-USDT` : `${base}USDT`;
}

/** Kraken and Coinbase quote eight decimals, USD-M at most three. */
function quantityDecimalsOf(dialect: SyntheticDialect, asset: Asset): number {
  if (dialect === 'kraken' || dialect === 'coinbase') return 8;
  return dialect === 'binance-futures' ? Math.min(3, asset.quantityDecimals) : asset.quantityDecimals;
}

/** `count` markets as a venue of this dialect names them; beyond the eight real assets the bases are `BTC2`, `ETH2` … */
export function marketSpecs(dialect: SyntheticDialect, count: number): MarketSpec[] {
  assert(Number.isInteger(count) && count > 0, `marketSpecs: expected a count of at least 1, was ${count}`);
  return Array.from({ length: count }, (_, index) => {
    const asset = ASSETS[index % ASSETS.length];
    const round = Math.floor(index / ASSETS.length);
    const quantityDecimals = quantityDecimalsOf(dialect, asset);
    return {
      symbol: symbolOf(dialect, round === 0 ? asset.base : `${asset.base}${round + 1}`),
      priceDecimals: asset.priceDecimals,
      quantityDecimals,
      startPriceTicks: asset.startPriceTicks,
      meanLots: Math.max(1, Math.round(asset.meanQuantity * 10 ** quantityDecimals)),
    };
  });
}
