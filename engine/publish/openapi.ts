// `/openapi.json`: the description of the HTTP routes.

import { BPS_MAX, MEASURE_ITEMS_MAX, USUAL_BPS, USUAL_DEPTHS } from './measures-api.ts';

type Parameter = {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly style?: string;
  readonly explode?: boolean;
  readonly schema: object;
};
type Route = {
  readonly summary: string;
  readonly type?: string;
  readonly isOpen?: boolean;
  readonly parameters?: Parameter[];
};

const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/plain';

const market: Parameter = {
  name: 'market',
  in: 'path',
  required: true,
  schema: { type: 'string', example: 'binance:BTCUSDT', description: 'VENUE:SYMBOL, URL-encoded' },
};

function whole(name: string, usual: number, minimum: number, maximum: number): Parameter {
  return { name, in: 'query', required: false, schema: { type: 'integer', default: usual, minimum, maximum } };
}

function list(name: string, usual: readonly number[], maximum: number): Parameter {
  const items = { type: 'integer', minimum: 1, maximum };
  const schema = { type: 'array', items, minItems: 1, maxItems: MEASURE_ITEMS_MAX, default: usual };
  return { name, in: 'query', required: false, style: 'form', explode: false, schema };
}

const quantity: Parameter = {
  name: 'quantity',
  in: 'query',
  required: false,
  schema: { type: 'string', example: '1.5', description: 'A decimal above 0; without it `fill` is null' },
};

export type ApiLimits = { readonly depthMax: number; readonly barsMax: number; readonly tradesMax: number };

function routes(barKinds: readonly string[], limits: ApiLimits): Record<string, Route> {
  const kind: Parameter = { name: 'kind', in: 'query', required: false, schema: { type: 'string', enum: barKinds } };
  const stage: Parameter = { name: 'stage', in: 'path', required: true, schema: { type: 'string' } };
  const { depthMax, barsMax, tradesMax } = limits;
  return {
    '/health': { summary: 'Whether the engine works; 503 where it does not', isOpen: true },
    '/ready': { summary: 'Whether rings and both ports are open; 503 before', isOpen: true },
    '/metrics': { summary: 'Prometheus metrics', type: TEXT_TYPE },
    '/v1/markets': { summary: 'All markets' },
    '/v1/book/{market}': {
      summary: 'Best levels of one book, best first; depth 0 is every level',
      parameters: [market, whole('depth', 20, 0, depthMax)],
    },
    '/v1/measures/{market}': {
      summary: 'Spread, mid, depth, imbalance and fills of one book, with what its horizon leaves unknown',
      parameters: [market, list('levels', USUAL_DEPTHS, depthMax), list('bps', USUAL_BPS, BPS_MAX), quantity],
    },
    '/v1/bars/{market}': {
      summary: 'Bars of one kind, oldest first, the forming bar last',
      parameters: [market, kind, whole('limit', barsMax, 1, barsMax)],
    },
    '/v1/trades/{market}': {
      summary: 'Last trades, oldest first',
      parameters: [market, whole('limit', tradesMax, 1, tradesMax)],
    },
    '/v1/signals/{market}': { summary: 'Latest value of each signal, by name', parameters: [market] },
    '/v1/latency': { summary: 'Latency per stage, nanoseconds' },
    '/v1/latency/{stage}.hgrm': {
      summary: 'Percentile distribution of one stage',
      type: TEXT_TYPE,
      parameters: [stage],
    },
    '/v1/latency/{stage}.json': {
      summary: 'Counts of one stage since the start, by bucket: to subtract and to merge',
      parameters: [stage],
    },
    '/v1/stats': {
      summary: 'Counters of the engine and of each market (`markets=0` leaves those out), connections and rings',
      parameters: [whole('markets', 1, 0, 1)],
    },
    '/openapi.json': { summary: 'This description' },
  };
}

function errorResponse(description: string): object {
  const error = { type: 'object', properties: { category: { type: 'string' }, message: { type: 'string' } } };
  return { description, content: { [JSON_TYPE]: { schema: { type: 'object', properties: { error } } } } };
}

function operation(route: Route): object {
  const { summary, parameters = [], type = JSON_TYPE } = route;
  const hasMarket = parameters.includes(market);
  const responses: Record<string, object> = {
    200: { description: summary, content: { [type]: { schema: {} } } },
    ...(parameters.length > 0 ? { 400: errorResponse('A bad parameter') } : {}),
    ...(route.isOpen === true ? { 503: { description: 'Not now' } } : { 401: errorResponse('No or a wrong token') }),
    ...(hasMarket ? { 404: errorResponse('An unknown market'), 503: errorResponse('No answer in time') } : {}),
  };
  return { get: { summary, parameters, responses, ...(route.isOpen === true ? { security: [] } : {}) } };
}

/** The description as JSON text. */
export function openApiJson(barKinds: readonly string[], limits: ApiLimits): string {
  const paths = Object.entries(routes(barKinds, limits)).map(([path, route]) => [path, operation(route)]);
  return JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Millrace', version: '1', description: 'Order books, bars and signals of a running engine.' },
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{}, { token: [] }],
    paths: Object.fromEntries(paths),
  });
}
