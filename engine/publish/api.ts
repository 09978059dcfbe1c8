// The HTTP routes of the public port (INTERFACES).

import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { BAR_HISTORY, LADDER_LEVELS_MAX, TRADE_HISTORY } from '../../schemas/config.ts';
import { marketCounter } from '../../schemas/counters.ts';
import { RequestKind } from '../../schemas/ids.ts';
import type { Gate } from '../base/access.ts';
import type { EngineClock } from '../base/clock.ts';
import type { Role } from '../base/token.ts';
import { type EngineMemory, shardOf } from '../memory/engine-memory.ts';
import type { LatestReader } from '../memory/latest-values.ts';
import type { MarketNames } from '../memory/market-names.ts';
import { countsToJson } from '../observe/latency-counts.ts';
import { factsOf } from '../uws/facts.ts';
import type { Headers } from '../uws/security-headers.ts';
import { horizonJson, itemJson, levelsJson } from './encode-json.ts';
import {
  type Answering,
  decodeTail,
  endRefused,
  endWith,
  endWithoutBody,
  type Handler,
  HttpError,
  type Query,
  type Reply,
  respond,
  TEXT_TYPE,
  wholeNumber,
} from './http.ts';
import type { JournalRoute } from './journal-route.ts';
import { isStage, type LatencyReport } from './latency-report.ts';
import type { MarketOffers } from './market-offers.ts';
import { measureQuestionOf, measuresJson } from './measures-api.ts';
import { addressOf, type BookChangeMessage, LEVEL_NUMBERS, type StreamMessage } from './messages.ts';
import type { Metrics } from './metrics.ts';
import { openApiJson } from './openapi.ts';
import type { Page } from './page.ts';
import type { ReplayRoute } from './replay-route.ts';
import type { Answer, Requests } from './requests.ts';
import type { Stats } from './stats.ts';
import { isoJson, isoText } from './time-text.ts';

const DEPTH_USUAL = 20;

export type Health = { readonly status: 'ok' | 'degraded' | 'failed'; readonly reasons: string[] };

export type ApiParts = {
  readonly memory: EngineMemory;
  readonly names: MarketNames;
  readonly latest: LatestReader;
  readonly clock: EngineClock;
  readonly counters: Stats;
  readonly requests: Requests;
  readonly latency: LatencyReport;
  readonly metrics: Metrics;
  readonly offers: MarketOffers;
  readonly page: Page;
  readonly replays: ReplayRoute;
  readonly journal: JournalRoute;
  readonly nowMs: () => number;
  readonly stats: (hasMarkets: boolean) => object;
  readonly health: () => Health;
  readonly ready: () => boolean;
  readonly gate: Gate;
  readonly headers: Headers;
  readonly fault: (error: unknown) => void;
};

export class Api {
  private readonly parts: ApiParts;
  private readonly openApi: string;
  /** Handlers of guarded routes by their path, `*` for a tail. */
  private readonly handlers = new Map<string, Handler>();

  constructor(parts: ApiParts) {
    this.parts = parts;
    const limits = { depthMax: LADDER_LEVELS_MAX, barsMax: BAR_HISTORY, tradesMax: TRADE_HISTORY };
    const kinds = parts.offers.plans.barKinds.map(({ name }) => name);
    this.openApi = openApiJson(kinds, limits);
  }

  route(app: TemplatedApp): void {
    const { parts } = this;
    this.routePage(app);
    this.open(app, '/health', () => this.health());
    this.open(app, '/ready', () => this.ready());
    this.guarded(app, '/metrics', async () => ({ body: await parts.metrics.text(), type: parts.metrics.contentType }));
    this.guarded(app, '/openapi.json', () => ({ body: this.openApi }));
    this.guarded(app, '/v1/markets', () => this.markets());
    this.guarded(app, '/v1/stats', ({ params }) => {
      const hasMarkets = wholeNumber(params, 'markets', 1, 0, 1) === 1;
      return { body: JSON.stringify(parts.stats(hasMarkets)) };
    });
    this.guarded(app, '/v1/latency', () => ({ body: JSON.stringify(parts.latency.summary()) }));
    this.guarded(app, '/v1/latency/*', (query) => this.stage(query));
    this.guarded(app, '/v1/book/*', (query) => this.book(query));
    this.guarded(app, '/v1/measures/*', (query) => this.measures(query));
    this.guarded(app, '/v1/bars/*', (query) => this.bars(query));
    this.guarded(app, '/v1/trades/*', (query) => this.trades(query));
    this.guarded(app, '/v1/signals/*', (query) => this.signals(query));
    this.admitted(app, '/v1/replay', (res, req, answering) => parts.replays.take(res, req, answering));
    this.admitted(app, '/v1/journal', (res, req, answering) => parts.journal.take(res, req, answering), 'admin');
    app.options('/*', (res, req) => this.preflight(res, req));
    app.head('/*', (res) => endWithoutBody(res, 405, parts.headers));
    app.any('/*', (res, req) => respond(res, req, (query) => this.unknown(query, req.getMethod()), parts));
  }

  /** What a guarded route answers, asked inside the process. Rejects with an HttpError. */
  async answer(pathAndQuery: string): Promise<Reply> {
    const { pathname: path, searchParams: params } = new URL(pathAndQuery, 'http://inside');
    const handler = this.handlers.get(path) ?? this.handlers.get(path.replace(/[^/]*$/, '*'));
    return handler === undefined ? this.unknown({ path, params }, 'get') : await handler({ path, params });
  }

  /** A page of --origin may read what a program may; to all others a browser shows nothing. */
  private shared(origin: string | null): Headers {
    const { gate, headers } = this.parts;
    const shared = gate.sharedOrigin(origin);
    return shared === null ? headers : [...headers, ['access-control-allow-origin', shared], ['vary', 'origin']];
  }

  /** What browsers ask before they send a token across origins. */
  private preflight(res: HttpResponse, req: HttpRequest): void {
    const { parts } = this;
    const shared = this.shared(req.getHeader('origin'));
    if (shared === parts.headers) {
      respond(res, req, (query) => this.unknown(query, req.getMethod()), parts);
      return;
    }
    endWith(res, 200, TEXT_TYPE, '', [
      ...shared,
      ['access-control-allow-methods', 'GET'],
      ['access-control-allow-headers', 'authorization'],
    ]);
  }

  private routePage(app: TemplatedApp): void {
    app.get('/', (res) => {
      const { text, headers } = this.parts.page;
      endWith(res, 200, 'text/html; charset=utf-8', text, headers);
    });
  }

  private open(app: TemplatedApp, path: string, handler: (query: Query) => Reply): void {
    app.get(path, (res, req) => respond(res, req, handler, this.parts));
  }

  private guarded(app: TemplatedApp, path: string, handler: Handler): void {
    this.handlers.set(path, handler);
    this.admitted(app, path, (res, req, answering) => respond(res, req, handler, answering));
  }

  /** Hands over requests that may be answered. */
  private admitted(
    app: TemplatedApp,
    path: string,
    take: (res: HttpResponse, req: HttpRequest, answering: Answering) => void,
    role: Role = 'read',
  ): void {
    const { gate, fault } = this.parts;
    app.get(path, (res, req) => {
      const facts = { ...factsOf(req), protocols: '' };
      const answering: Answering = { fault, headers: this.shared(facts.origin) };
      const refusal = gate.refusal(facts, role);
      if (refusal === null) take(res, req, answering);
      else endRefused(res, refusal, answering.headers);
    });
  }

  private unknown({ path }: Query, method: string): Reply {
    if (method !== 'get') throw new HttpError(405, 'shape', `expected GET, was ${method.toUpperCase()}`);
    throw new HttpError(
      404,
      'unknown-path',
      `expected a path of /openapi.json, was ${JSON.stringify(path.slice(0, 200))}`,
    );
  }

  private health(): Reply {
    const health = this.parts.health();
    return { status: health.status === 'failed' ? 503 : 200, body: JSON.stringify(health) };
  }

  private ready(): Reply {
    const isReady = this.parts.ready();
    return { status: isReady ? 200 : 503, body: JSON.stringify({ status: isReady ? 'ready' : 'starting' }) };
  }

  private markets(): Reply {
    const { names, latest, memory, clock, counters } = this.parts;
    const rows = Array.from({ length: names.count }, (_, market) => {
      const { name, venue, symbol } = names.of(market);
      const { state, reason, sinceNs, activity, exchangeTimeUs } = latest.read(market);
      const shard = shardOf(market, memory.shards.length);
      const since = sinceNs === 0 ? null : isoText(clock.wallUs(sinceNs));
      const head = { market: name, venue, symbol, shard, state, lastTimestamp: isoText(exchangeTimeUs) };
      return { ...head, reason, since, lost: counters.marketColumn(market, marketCounter.lost), activity };
    });
    return { body: JSON.stringify(rows) };
  }

  /** `STAGE.hgrm` for people and their tools, `STAGE.json` for programs that subtract and merge. */
  private stage({ path }: Query): Reply {
    const file = decodeTail(path, '/v1/latency/');
    const [, stage = '', form] = /^(.*)\.(hgrm|json)$/.exec(file) ?? [];
    if (!isStage(stage)) {
      throw new HttpError(
        404,
        'unknown-path',
        `expected STAGE.hgrm or STAGE.json, was ${JSON.stringify(file.slice(0, 80))}`,
      );
    }
    const { latency } = this.parts;
    if (form === 'json') return { body: JSON.stringify(countsToJson(latency.view(stage))) };
    return { type: TEXT_TYPE, body: latency.hgrm(stage) };
  }

  private marketOf(path: string, prefix: string): number {
    const name = decodeTail(path, prefix);
    const market = this.parts.names.idOf(name);
    if (market >= 0) return market;
    throw new HttpError(404, 'unknown-market', `expected a known market, was ${JSON.stringify(name.slice(0, 200))}`);
  }

  private ask(market: number, kind: number, limit: number, barKind = 0): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.parts.requests.ask({ market, kind, limit, barKind }, this.parts.nowMs(), (answer) => {
        if (answer !== null) resolve(answer);
        else reject(new HttpError(503, 'timeout', 'expected an answer of the shard in time, there was none'));
      });
    });
  }

  private async book({ path, params }: Query): Promise<Reply> {
    const market = this.marketOf(path, '/v1/book/');
    const depth = wholeNumber(params, 'depth', DEPTH_USUAL, 0, LADDER_LEVELS_MAX);
    const { book } = await this.ask(market, RequestKind.book, depth);
    if (book === null) throw new HttpError(503, 'internal', 'expected a book in the answer, there was none');
    return { body: bookJson(this.parts.names.of(market).name, book) };
  }

  private async measures({ path, params }: Query): Promise<Reply> {
    const market = this.marketOf(path, '/v1/measures/');
    const question = measureQuestionOf(params);
    const { book } = await this.ask(market, RequestKind.book, 0);
    if (book === null) throw new HttpError(503, 'internal', 'expected a book in the answer, there was none');
    return { body: measuresJson(this.parts.names.of(market).name, book, question) };
  }

  private async bars({ path, params }: Query): Promise<Reply> {
    const market = this.marketOf(path, '/v1/bars/');
    const { offers } = this.parts;
    const known = offers.barsOf(market);
    const kind = params.get('kind') ?? (known.includes('1m') ? '1m' : known[0]);
    if (!known.includes(kind)) {
      throw new HttpError(400, 'range', `kind: expected one of ${known.join(', ')}, was ${JSON.stringify(kind)}`);
    }
    const number = offers.plans.barKinds.findIndex(({ name }) => name === kind);
    const limit = wholeNumber(params, 'limit', BAR_HISTORY, 1, BAR_HISTORY);
    const answer = await this.ask(market, RequestKind.bars, limit, number);
    return this.items(market, answer.bars);
  }

  private async trades({ path, params }: Query): Promise<Reply> {
    const market = this.marketOf(path, '/v1/trades/');
    const limit = wholeNumber(params, 'limit', TRADE_HISTORY, 1, TRADE_HISTORY);
    const answer = await this.ask(market, RequestKind.trades, limit);
    return this.items(market, answer.trades);
  }

  private items(market: number, messages: readonly StreamMessage[]): Reply {
    const { jsonMarket } = addressOf('', this.parts.names.of(market));
    return { body: `[${messages.map((message) => itemJson(message, jsonMarket)).join(',')}]` };
  }

  private async signals({ path }: Query): Promise<Reply> {
    const market = this.marketOf(path, '/v1/signals/');
    const { signals } = await this.ask(market, RequestKind.signals, 0);
    const entries = signals.map(({ name, value, values, isWarm, event, inputSeq, timestampUs, localTimestampUs }) => [
      name,
      {
        value,
        isWarm,
        ...(values === null ? {} : { values }),
        event,
        inputSeq,
        timestamp: isoText(timestampUs),
        localTimestamp: isoText(localTimestampUs),
      },
    ]);
    return { body: JSON.stringify(Object.fromEntries(entries)) };
  }
}

/** A venue sequence as a number, as text above 2^53, null where the venue has none. */
function venueSequenceJson(sequence: number): string {
  if (sequence < 0) return 'null';
  return Number.isSafeInteger(sequence) ? String(sequence) : `"${BigInt(sequence)}"`;
}

/** `horizon` tells how deep the engine knows the book, `isCut` whether the answer leaves out levels it holds. */
function bookJson(market: string, book: BookChangeMessage): string {
  const shownBid = book.bids.length / LEVEL_NUMBERS;
  const shownAsk = book.asks.length / LEVEL_NUMBERS;
  const isCut = book.levelsBid > shownBid || book.levelsAsk > shownAsk;
  return (
    `{"market":${JSON.stringify(market)},"state":"${book.state}","reason":${JSON.stringify(book.reason)}` +
    `,"seq":${book.bookSequence},"venueSequence":${venueSequenceJson(book.venueSequence)}` +
    `,"timestamp":${isoJson(book.timestampUs)},"localTimestamp":${isoJson(book.localTimestampUs)}` +
    `,"horizon":${horizonJson(book.horizonBid, book.horizonAsk, '"')},"bids":${levelsJson(book.bids, '"')}` +
    `,"asks":${levelsJson(book.asks, '"')},"isCut":${isCut}}`
  );
}
