// Every built-in signal: its name, what drives it, its parameters and outputs. What it computes stands in workers/signals.

export type SignalParameter = {
  readonly name: string;
  readonly usual: number;
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
};

/** What a signal is computed from: each book change, each accepted trade, or each closed bar of one kind. */
export type SignalInput = 'book' | 'trade' | 'bar';

export type SignalEntry = {
  readonly name: string;
  readonly input: SignalInput;
  readonly parameters: readonly SignalParameter[];
  /** Names of what it gives: the first is `value`; up to two more. */
  readonly outputs: readonly [string, ...string[]];
};

/** Bars a window of an indicator may span: two thousand are 16 KiB a market and signal, 48 KiB where it holds a spread. */
const PERIOD_MAX = 2_000;
/** Seconds a window of trades or book changes may span: a day. */
const WINDOW_S_MAX = 86_400;

const whole = (name: string, usual: number, least = 1, most = PERIOD_MAX): SignalParameter => ({
  name,
  usual,
  least,
  most,
  isWhole: true,
});
const real = (name: string, usual: number, least: number, most: number): SignalParameter => ({
  name,
  usual,
  least,
  most,
  isWhole: false,
});
const windowS = (usual: number): SignalParameter => real('windowS', usual, 0.1, WINDOW_S_MAX);
const count = (usual: number): SignalParameter => whole('count', usual, 2, 10_000);

function entry(
  name: string,
  input: SignalInput,
  parameters: readonly SignalParameter[],
  outputs: readonly [string, ...string[]] = ['value'],
): SignalEntry {
  return { name, input, parameters, outputs };
}

const LEVELS_MAX = 1_000;

export const SIGNAL_CATALOGUE: readonly SignalEntry[] = [
  // Book.
  entry('imbalance', 'book', [whole('levels', 5, 1, LEVELS_MAX)]),
  entry('microprice', 'book', []),
  entry('ofi', 'book', [windowS(10)]),
  entry('microprice-drift', 'book', [windowS(10)]),
  entry(
    'spread-regime',
    'book',
    [whole('changes', 500, 10, 10_000), real('factor', 2, 1, 100)],
    ['bps', 'mean', 'ratio'],
  ),
  entry('queue-pressure', 'book', [windowS(10)]),
  entry('book-pressure', 'book', [whole('levels', 10, 1, LEVELS_MAX)]),
  // Trades.
  entry('cvd', 'trade', []),
  entry('price-trend', 'trade', [windowS(60)], ['slope', 'r2']),
  entry('price-trend-count', 'trade', [count(200)], ['slope', 'r2']),
  entry('volume-trend', 'trade', [windowS(60)], ['slope', 'r2']),
  entry('volume-trend-count', 'trade', [count(200)], ['slope', 'r2']),
  entry('vwap', 'trade', [windowS(60)]),
  entry('vwap-count', 'trade', [count(200)]),
  entry('trade-size', 'trade', [count(500), real('factor', 3, 1, 100)], ['p50', 'p95', 'p99']),
  entry('trade-burst', 'trade', [windowS(5), real('factor', 3, 1, 100)], ['rate', 'mean']),
  entry('realised-volatility', 'trade', [windowS(300)]),
  entry('kyle-lambda', 'trade', [windowS(300)], ['lambda', 'r2']),
  entry(
    'sweep',
    'trade',
    [real('windowS', 0.1, 0.001, 60), whole('prices', 3, 2, 100)],
    ['quantity', 'prices', 'distanceBps'],
  ),
  // Bars.
  entry('sma', 'bar', [whole('period', 20)]),
  entry('ema', 'bar', [whole('period', 20)]),
  entry('wma', 'bar', [whole('period', 20)]),
  entry('dema', 'bar', [whole('period', 20)]),
  entry('rsi', 'bar', [whole('period', 14)]),
  entry('macd', 'bar', [whole('fast', 12), whole('slow', 26), whole('signal', 9)], ['macd', 'signal', 'histogram']),
  entry('bollinger', 'bar', [whole('period', 20, 2), real('deviations', 2, 0.1, 10)], ['middle', 'upper', 'lower']),
  entry('atr', 'bar', [whole('period', 14)]),
  entry('adx', 'bar', [whole('period', 14)], ['adx', 'plusDi', 'minusDi']),
  entry('stochastic', 'bar', [whole('period', 14), whole('signal', 3), whole('smooth', 3)], ['k', 'd']),
  entry('obv', 'bar', []),
  entry('vwap-bands', 'bar', [whole('period', 20, 2), real('deviations', 2, 0.1, 10)], ['vwap', 'upper', 'lower']),
  entry('donchian', 'bar', [whole('period', 20)], ['middle', 'upper', 'lower']),
  entry('supertrend', 'bar', [whole('period', 10), real('multiplier', 3, 0.1, 100)]),
  entry('ema-cross', 'bar', [whole('fast', 12), whole('slow', 26)]),
  entry('sma-cross', 'bar', [whole('fast', 50), whole('slow', 200)]),
  entry('price-cross', 'bar', [whole('period', 20)]),
  entry('volume-spike', 'bar', [whole('period', 20, 2), real('factor', 3, 1, 100)], ['ratio']),
];

/** Signals of one engine: a number is a byte of a record. */
export const SIGNALS_MAX = 250;
/** Int32 words with a bit for each. */
export const SIGNAL_WORDS = 8;

/** Signals of every market where nothing else is configured: those that cost next to nothing until a bar closes. */
export const DEFAULT_SIGNALS = [
  'imbalance',
  'microprice',
  'cvd',
  'ema-cross',
  'ofi',
  'sweep',
  'rsi',
  'macd',
  'bollinger',
  'atr',
];
