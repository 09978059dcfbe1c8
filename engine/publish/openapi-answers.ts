// What the HTTP routes answer, as JSON Schema, for `/openapi.json` and the API reference.

export type AnswerSchema = Readonly<Record<string, unknown>>;

const words = (description: string): AnswerSchema => ({ type: 'string', description });
const decimal = (description: string): AnswerSchema => ({ type: 'string', format: 'decimal', description });
const whole = (description: string): AnswerSchema => ({ type: 'integer', description });
const truth = (description: string): AnswerSchema => ({ type: 'boolean', description });
const time = (description: string): AnswerSchema => ({ type: 'string', format: 'date-time', description });
const list = (items: AnswerSchema, description: string): AnswerSchema => ({ type: 'array', items, description });

/** One that may be absent: null. */
const maybe = ({ type, ...rest }: AnswerSchema): AnswerSchema => ({ type: [type, 'null'], ...rest });

function object(properties: Readonly<Record<string, AnswerSchema>>, optional: readonly string[] = []): AnswerSchema {
  return { type: 'object', required: Object.keys(properties).filter((name) => !optional.includes(name)), properties };
}

const level = object({ price: decimal('Price'), amount: decimal('Quantity at that price') });
const state = words('`syncing`, `live`, `suspect`, `stale` or `resyncing`');
const reason = maybe(words('Why it is not `live`; null where it is'));
const market = words('`VENUE:SYMBOL`');
const timestamp = maybe(time("The venue's time; null where it gives none"));
const localTimestamp = maybe(time('When the engine received it'));
const horizon: AnswerSchema = {
  ...maybe(object({ bid: maybe(decimal('Bids')), ask: maybe(decimal('Asks')) })),
  description: 'Prices down to which the sides are truly known; null where both are known whole',
};

const messageHead = {
  type: words('The type of message, as on the stream'),
  exchange: words('The venue'),
  symbol: words('As the venue writes it'),
};

const trade = object({
  ...messageHead,
  id: maybe(words("The venue's id")),
  price: decimal('Price'),
  amount: decimal('Quantity'),
  side: words("The taker's: `buy`, `sell` or `unknown`"),
  timestamp,
  localTimestamp,
});

const bar = object({
  ...messageHead,
  name: words('The kind as it was asked for: `1m`, `100t`'),
  kind: words('`time`, `tick`, `volume`, `notional` and others'),
  interval: { type: 'number', description: 'Milliseconds, trades or units of the kind' },
  startTimestamp: maybe(time('Begin of the bucket')),
  openTimestamp: maybe(time('First trade')),
  closeTimestamp: maybe(time('Last trade')),
  open: maybe(decimal('First price')),
  high: maybe(decimal('Highest price')),
  low: maybe(decimal('Lowest price')),
  close: maybe(decimal('Last price')),
  volume: decimal('Quantity'),
  buyVolume: decimal('Quantity of takers who bought'),
  sellVolume: decimal('Quantity of takers who sold'),
  trades: whole('Matches'),
  vwap: maybe(decimal('Notional by volume; null without trades')),
  notional: decimal('Sum of price times quantity, exact'),
  revision: whole('Rises with each change after the bar was closed'),
  completeness: words('`complete`, `partial`, `gap` or `backfilled`'),
  isFinal: truth('The bar changes no more, but by late trades'),
  timestamp: maybe(time('End of the bucket of time bars, else the last trade')),
  localTimestamp,
});

const signal = object(
  {
    value: maybe({ type: 'number', description: 'Null while it is not warm, or its book is not live' }),
    isWarm: truth('It has seen enough'),
    values: { type: 'object', description: 'Every output, where there are several' },
    event: maybe(words('The last event')),
    inputSeq: whole('The input it was computed at'),
    timestamp,
    localTimestamp,
  },
  ['values'],
);

const counters: AnswerSchema = { type: 'object', description: 'Counters by name' };
const number: AnswerSchema = { type: 'number' };
const percentile = maybe({ ...number, description: 'Null with fewer than ten samples beyond it' });

const latency = object({
  unit: words('`ns`'),
  count: whole('Samples'),
  ...{ min: maybe(number), mean: maybe(number), p50: percentile, p90: percentile, p99: percentile },
  ...{ p999: percentile, max: maybe(number) },
});

const group = (description: string): AnswerSchema => ({ type: 'object', description });
const rows = (description: string): AnswerSchema => list({ type: 'object' }, description);

const stats = object({
  total: group('Counters of all markets: frames, updates, trades, gaps, lost …'),
  venues: group('Data quality by venue'),
  markets: group('Counters by market, each with its `quality`; empty with `markets=0`'),
  connections: rows('Producers'),
  rings: rows('Rings between the threads: slots, those in use, and the most that were'),
  queues: rows('The same with the queues before sockets and the journal, as `system` tells them'),
  shards: rows('Counters by shard'),
  ingress: group('Counters of the ingress thread, each kind of rejection among them'),
  publish: group('Subscribers, messages, and what was limited or closed'),
  signalsOff: rows('Signals of your own that are switched off'),
  shardRestarts: whole('Shards that began anew'),
  checksumMismatches: rows('The last mismatch of each market'),
  recovery: group('Deaths of shards, and how the process came back to its journal'),
  subscribers: rows('The longest queues'),
  feeds: rows('Connections to venues'),
  process: group('Memory, processor time and pauses'),
});

/** Answers by name, in the order they are told in. */
export const ANSWERS: Readonly<Record<string, AnswerSchema>> = {
  Health: object({
    status: words('`ok`, `degraded` or `failed`'),
    reasons: list(words('A sentence'), 'Why it is not `ok`'),
  }),
  Ready: object({ status: words('`ready` or `starting`') }),
  Markets: list(
    object({
      market,
      venue: words('Before the first colon'),
      symbol: words('Behind it'),
      shard: whole('Its shard, from 0'),
      state,
      lastTimestamp: maybe(time('Of the last record')),
      reason,
      since: maybe(time('Since when it is in that state')),
      lost: whole('Updates known to be missing'),
      activity: words('`active`, `quiet` or `dead`, by its own rate'),
    }),
    'By their number, the first first',
  ),
  Book: object({
    market,
    state,
    reason,
    seq: whole("Book changes applied; the stream's `seq` of `book`"),
    venueSequence: {
      type: ['integer', 'string', 'null'],
      description: 'Text above 2^53; null where the venue has none',
    },
    timestamp,
    localTimestamp,
    horizon,
    bids: list(level, 'Best first'),
    asks: list(level, 'Best first'),
    isCut: truth('The answer leaves out levels that the engine holds'),
  }),
  Measures: object({
    market,
    state,
    reason,
    seq: whole('Of the book'),
    timestamp,
    localTimestamp,
    horizon,
    spread: maybe(decimal('Best ask less best bid')),
    mid: maybe(decimal('Half-way')),
    microprice: maybe(decimal('Mid weighted by the opposite quantities')),
    weightedMid: maybe(decimal('The same over several levels')),
    pressure: maybe({ type: 'number', description: 'From -1, sellers, to 1, buyers' }),
    depth: list({ type: 'object' }, 'One for each of `levels`'),
    within: list({ type: 'object' }, 'One for each of `bps`'),
    fill: maybe({ type: 'object', description: 'What `quantity` would cost; null without it' }),
  }),
  Bars: list(bar, 'Oldest first, the forming bar last'),
  Trades: list(trade, 'Oldest first'),
  Signals: { type: 'object', additionalProperties: signal, description: 'By name' },
  Latency: { type: 'object', additionalProperties: latency, description: 'By stage' },
  StageCounts: counters,
  Stats: stats,
  Error: object({
    error: object({
      category: words('One of a few words; those of a route are told with it'),
      message: words('A sentence: what was expected, and what was there'),
    }),
  }),
};
