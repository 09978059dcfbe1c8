// Makes the built-in signals that trades drive, by their names in schemas/signals.ts and its order of parameters.

import type { TradeSignal } from '../signal.ts';
import { Cvd } from './cvd.ts';
import { KyleLambda } from './kyle-lambda.ts';
import { PriceTrend, PriceTrendCount } from './price-trend.ts';
import { RealisedVolatility } from './realised-volatility.ts';
import { Sweep } from './sweep.ts';
import { TradeBurst } from './trade-burst.ts';
import { TradeSize } from './trade-size.ts';
import { VolumeTrend, VolumeTrendCount } from './volume-trend.ts';
import { Vwap, VwapCount } from './vwap.ts';

export const TRADE_SIGNALS: Readonly<Record<string, (parameters: readonly number[]) => TradeSignal>> = {
  cvd: () => new Cvd(),
  'price-trend': ([windowS]) => new PriceTrend(windowS),
  'price-trend-count': ([count]) => new PriceTrendCount(count),
  'volume-trend': ([windowS]) => new VolumeTrend(windowS),
  'volume-trend-count': ([count]) => new VolumeTrendCount(count),
  vwap: ([windowS]) => new Vwap(windowS),
  'vwap-count': ([count]) => new VwapCount(count),
  'trade-size': ([count, factor]) => new TradeSize(count, factor),
  'trade-burst': ([windowS, factor]) => new TradeBurst(windowS, factor),
  'realised-volatility': ([windowS]) => new RealisedVolatility(windowS),
  'kyle-lambda': ([windowS]) => new KyleLambda(windowS),
  sweep: ([windowS, prices]) => new Sweep(windowS, prices),
};
