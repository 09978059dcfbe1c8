// `/openapi.json`: the description of the HTTP routes, from which docs/http.md is made too.

import { BPS_MAX, MEASURE_ITEMS_MAX, USUAL_BPS, USUAL_DEPTHS } from './measures-api.ts';
import { ANSWERS } from './openapi-answers.ts';

export type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description: string;
  readonly style?: string;
  readonly explode?: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
};

export type Route = {
  readonly summary: string;
  readonly description?: string;
  readonly type?: string;
  /** Name of the answer's schema; none for text. */
  readonly answer?: keyof typeof ANSWERS;
  /** Needs no token. */
  readonly isOpen?: boolean;
  /** What a token has to have; `read` without. */
  readonly role?: 'admin';
  readonly parameters?: readonly Parameter[];
  /** What is answered in place of 200, beside 401, 403 and 500, which every route has. */
  readonly errors?: Readonly<Record<number, string>>;
};

const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/plain';
const LINES_TYPE = 'application/x-ndjson';
const BYTES_TYPE = 'application/octet-stream';

const market: Parameter = {
  name: 'market',
  in: 'path',
  required: true,
  description: 'VENUE:SYMBOL, URL-encoded',
  schema: { type: 'string', example: 'binance:BTCUSDT' },
};

function whole(name: string, description: string, usual: number, minimum: number, maximum: number): Parameter {
  const schema = { type: 'integer', default: usual, minimum, maximum };
  return { name, in: 'query', required: false, description, schema };
}

function list(name: string, description: string, usual: readonly number[], maximum: number): Parameter {
  const items = { type: 'integer', minimum: 1, maximum };
  const schema = { type: 'array', items, minItems: 1, maxItems: MEASURE_ITEMS_MAX, default: usual };
  return { name, in: 'query', required: false, description, style: 'form', explode: false, schema };
}

function text(name: string, description: string, schema: Readonly<Record<string, unknown>> = {}): Parameter {
  return { name, in: 'query', required: false, description, schema: { type: 'string', ...schema } };
}

const quantity = text('quantity', 'A decimal above 0; without it `fill` is null', { example: '1.5' });
const names = text('markets', 'Names or wildcards, with commas between them; every market without', {
  example: 'binance:BTCUSDT,kraken:*',
});

export type ApiLimits = { readonly depthMax: number; readonly barsMax: number; readonly tradesMax: number };

const RANGE = '`range`: a parameter outside its limits. `shape`: a name that is not URL-encoded';
const UNKNOWN_MARKET = '`unknown-market`: a market that has sent nothing yet, or that is not taken';
const SHARD_ERRORS = { 400: RANGE, 404: UNKNOWN_MARKET, 503: '`timeout`: its shard gave no answer in time' };

/** Every route by its path. */
export function routesOf(barKinds: readonly string[], limits: ApiLimits): Record<string, Route> {
  const { depthMax, barsMax, tradesMax } = limits;
  const kind = text('kind', 'One of the kinds the market has; without it `1m`, or the first of them', {
    enum: barKinds,
  });
  const stage: Parameter = {
    name: 'stage',
    in: 'path',
    required: true,
    description: 'A stage of `/v1/latency`',
    schema: { type: 'string', example: 'decode' },
  };
  const unknownStage = { 404: '`unknown-path`: no such stage' };
  return {
    '/health': {
      summary: 'Whether the engine works',
      description: '`degraded` is 200: it works, and something wants a look.',
      answer: 'Health',
      isOpen: true,
      errors: { 503: 'The same answer with `failed`: a shard or the ingress thread failed, or is being replaced' },
    },
    '/ready': {
      summary: 'Whether rings and both ports are open',
      answer: 'Ready',
      isOpen: true,
      errors: {
        503: 'The same answer with `starting`: before, and while it stops. While it comes back to its journal the port is not yet open, and while it stops it takes no new connection: only one that is open hears it',
      },
    },
    '/metrics': { summary: 'Metrics in the text format of Prometheus', type: TEXT_TYPE },
    '/v1/markets': { summary: 'All markets with their state', answer: 'Markets' },
    '/v1/book/{market}': {
      summary: 'Best levels of one book',
      answer: 'Book',
      parameters: [market, whole('depth', 'Levels a side; 0 is every level', 20, 0, depthMax)],
      errors: SHARD_ERRORS,
    },
    '/v1/measures/{market}': {
      summary: 'Spread, mid, depth, imbalance and fills of one book, with what its horizon leaves unknown',
      description: 'Of a book that is not `live` they are null.',
      answer: 'Measures',
      parameters: [
        market,
        list('levels', 'Depth and imbalance of so many levels a side', USUAL_DEPTHS, depthMax),
        list('bps', 'Depth and imbalance so many basis points from the mid', USUAL_BPS, BPS_MAX),
        quantity,
      ],
      errors: SHARD_ERRORS,
    },
    '/v1/bars/{market}': {
      summary: 'Bars of one kind, oldest first, the forming bar last',
      answer: 'Bars',
      parameters: [market, kind, whole('limit', 'The newest so many', barsMax, 1, barsMax)],
      errors: SHARD_ERRORS,
    },
    '/v1/trades/{market}': {
      summary: 'Last trades, oldest first',
      answer: 'Trades',
      parameters: [market, whole('limit', 'The newest so many', tradesMax, 1, tradesMax)],
      errors: SHARD_ERRORS,
    },
    '/v1/signals/{market}': {
      summary: 'Latest value of each signal, by name',
      answer: 'Signals',
      parameters: [market],
      errors: SHARD_ERRORS,
    },
    '/v1/replay': {
      summary: "A span of the engine's journal as messages of the stream, one JSON object a line",
      description:
        'In order of receive time. The header `x-millrace-reaches-back-to` tells how far back the journal goes.',
      type: LINES_TYPE,
      parameters: [
        text('from', 'ISO 8601; from the first entry without', { format: 'date-time' }),
        text('to', 'ISO 8601, not taken in; to the newest entry without', { format: 'date-time' }),
        names,
        text('channels', 'Fixed words of channels, with commas between them', {
          default: 'trade,book',
          example: 'trade,bar.1m',
        }),
      ],
      errors: {
        400: '`range`: a parameter that cannot be taken',
        404: UNKNOWN_MARKET,
        409: '`no-journal`: the engine has no journal',
        503: '`busy`: as many replays run as may',
      },
    },
    '/v1/journal': {
      summary: "The engine's journal as it lies on the disk, block by block",
      description:
        'Segments one behind the other, from the block on in which the beginning is. `x-millrace-first-entry` and `x-millrace-reaches-back-to` tell the oldest entry that there is.',
      type: BYTES_TYPE,
      role: 'admin',
      parameters: [
        text('from', 'ISO 8601; from the first entry without', { format: 'date-time' }),
        text('after', 'In place of it: the number of the entry behind which it goes on', { example: '81234' }),
        text('checksum', 'With `after`: head checksum of the block that ends with it, 8 hexadecimal digits', {
          example: '0c5e91ab',
        }),
        whole('follow', '1 goes on with what is written, and puts zeros between blocks where nothing is', 0, 0, 1),
      ],
      errors: {
        400: '`range`: a parameter that cannot be taken',
        409: '`no-journal`: the engine has no journal. `other-journal`: it does not go on behind `after`',
        503: '`busy`: as many streams of the journal run as may',
      },
    },
    '/v1/latency': { summary: 'Latency per stage, nanoseconds', answer: 'Latency' },
    '/v1/latency/{stage}.hgrm': {
      summary: 'Percentile distribution of one stage, as HdrHistogram prints it',
      type: TEXT_TYPE,
      parameters: [stage],
      errors: unknownStage,
    },
    '/v1/latency/{stage}.json': {
      summary: 'Counts of one stage since the start, by bucket: to subtract and to merge',
      answer: 'StageCounts',
      parameters: [stage],
      errors: unknownStage,
    },
    '/v1/stats': {
      summary: 'Counters of the engine and of each market, connections, rings, feeds, journal and process',
      answer: 'Stats',
      parameters: [whole('markets', '0 leaves out the markets', 1, 0, 1)],
      errors: { 400: RANGE },
    },
    '/openapi.json': { summary: 'This description, as OpenAPI 3.1', type: JSON_TYPE },
  };
}

const reference = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const errorResponse = (description: string): object => ({
  description,
  content: { [JSON_TYPE]: { schema: reference('Error') } },
});

/** Of an open route an error is its own answer with another status. */
function responses(route: Route): object {
  const { summary, answer, type = JSON_TYPE, isOpen = false, role = 'read', errors = {} } = route;
  const schema =
    answer === undefined ? (type === JSON_TYPE ? { type: 'object' } : { type: 'string' }) : reference(answer);
  const content = { [type]: { schema } };
  const own = Object.entries(errors).map(([status, words]) => [
    status,
    isOpen ? { description: words, content } : errorResponse(words),
  ]);
  const usual = {
    401: errorResponse('`unauthorized`: no token, or a wrong one'),
    403: errorResponse(
      `\`unauthorized\`: a token without the role \`${role}\`, or a page of an origin that may not read`,
    ),
    500: errorResponse('`internal`: a fault of the engine'),
  };
  return { 200: { description: summary, content }, ...(isOpen ? {} : usual), ...Object.fromEntries(own) };
}

/** `get_v1_book_market` of `/v1/book/{market}`: programs that make clients name functions by it. */
const operationIdOf = (path: string): string =>
  `get_${path
    .replace(/[^a-zA-Z0-9]+/g, ' ')
    .trim()
    .replaceAll(' ', '_')}`;

function operation(path: string, route: Route): object {
  const { summary, description, parameters = [], isOpen } = route;
  return {
    get: {
      operationId: operationIdOf(path),
      summary,
      ...(description === undefined ? {} : { description }),
      parameters,
      responses: responses(route),
      ...(isOpen === true ? { security: [] } : {}),
    },
  };
}

/** The description as JSON text. */
export function openApiJson(barKinds: readonly string[], limits: ApiLimits): string {
  const paths = Object.entries(routesOf(barKinds, limits)).map(([path, route]) => [path, operation(path, route)]);
  return JSON.stringify({
    openapi: '3.1.0',
    info: {
      title: 'Millrace',
      version: '1',
      description: 'Order books, bars and signals of a running engine.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    components: { schemas: ANSWERS, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{}, { token: [] }],
    paths: Object.fromEntries(paths),
  });
}
