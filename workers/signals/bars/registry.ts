// Which class computes each signal on bars; parameters in the order of the catalogue (schemas/signals.ts).

import type { BarSignal } from '../signal.ts';
import { Adx } from './adx.ts';
import { Atr } from './atr.ts';
import { Bollinger } from './bollinger.ts';
import { Dema } from './dema.ts';
import { Donchian } from './donchian.ts';
import { Ema } from './ema.ts';
import { EmaCross } from './ema-cross.ts';
import { Macd } from './macd.ts';
import { Obv } from './obv.ts';
import { PriceCross } from './price-cross.ts';
import { Rsi } from './rsi.ts';
import { Sma } from './sma.ts';
import { SmaCross } from './sma-cross.ts';
import { Stochastic } from './stochastic.ts';
import { Supertrend } from './supertrend.ts';
import { VolumeSpike } from './volume-spike.ts';
import { VwapBands } from './vwap-bands.ts';
import { Wma } from './wma.ts';

/** Every parameter is given and has been checked against the catalogue. */
export const BAR_SIGNALS: Readonly<Record<string, (parameters: readonly number[]) => BarSignal>> = {
  sma: ([period]) => new Sma(period),
  ema: ([period]) => new Ema(period),
  wma: ([period]) => new Wma(period),
  dema: ([period]) => new Dema(period),
  rsi: ([period]) => new Rsi(period),
  macd: ([fast, slow, signal]) => new Macd(fast, slow, signal),
  bollinger: ([period, deviations]) => new Bollinger(period, deviations),
  atr: ([period]) => new Atr(period),
  adx: ([period]) => new Adx(period),
  stochastic: ([period, signal, smooth]) => new Stochastic(period, signal, smooth),
  obv: () => new Obv(),
  'vwap-bands': ([period, deviations]) => new VwapBands(period, deviations),
  donchian: ([period]) => new Donchian(period),
  supertrend: ([period, multiplier]) => new Supertrend(period, multiplier),
  'ema-cross': ([fast, slow]) => new EmaCross(fast, slow),
  'sma-cross': ([fast, slow]) => new SmaCross(fast, slow),
  'price-cross': ([period]) => new PriceCross(period),
  'volume-spike': ([period, factor]) => new VolumeSpike(period, factor),
};
