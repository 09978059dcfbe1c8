// Owns the addresses under /sim/ of a simulated venue: its counts, its truth, and what tests order of it.

import { UsageError } from '../base/errors.ts';
import { type FaultLog, isFaultKind } from './fault-log.ts';
import { faultPlanOf, parseFaultPlan } from './fault-plan.ts';
import type { FaultOrder, Faults } from './faults.ts';
import type { PriceLevel, SimAnswer, SimRequest } from './protocol.ts';
import type { TruthLog } from './truth.ts';

export type AdminParts = {
  readonly stats: () => object;
  readonly lanes: () => ReadonlyMap<string, number>;
  readonly truth: TruthLog;
  readonly faults: Faults;
  readonly faultLog: FaultLog;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly end: (closeAfterMs: number | null) => object;
};

const PREFIX = '/sim/';
const TRUTH = 'truth/';
/** Fault entries of one answer. */
const ENTRIES_MAX = 1_000;

function json(value: unknown, status: number = 200): SimAnswer {
  return { status, body: JSON.stringify(value), weight: 0 };
}

/** The body as a JSON object; an empty one is empty. */
function objectOf(body: string): Record<string, unknown> {
  if (body.trim() === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    parsed = null;
  }
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  throw new UsageError(`body: expected a JSON object, was ${JSON.stringify(body.slice(0, 80))}`);
}

function wholeOf(name: string, text: string | null, usual: number): number {
  if (text === null) return usual;
  if (/^\d{1,16}$/.test(text)) return Number(text);
  throw new UsageError(`${name}: expected a whole number, was ${JSON.stringify(text)}`);
}

function orderOf(value: unknown): FaultOrder {
  const { kind, symbol, channel, bytes } = (value ?? {}) as Record<string, unknown>;
  if (typeof kind !== 'string' || !isFaultKind(kind)) {
    throw new UsageError(`inject: expected the kind of a fault, was ${JSON.stringify(kind)}`);
  }
  return {
    kind,
    ...(typeof symbol === 'string' ? { symbol } : {}),
    ...(channel === 'book' || channel === 'trades' ? { channel } : {}),
    ...(typeof bytes === 'number' ? { bytes } : {}),
  };
}

function levelsOf(name: string, value: unknown): PriceLevel[] {
  const isLevel = (level: unknown): level is PriceLevel =>
    Array.isArray(level) && level.length === 2 && level.every((part) => typeof part === 'string');
  if (Array.isArray(value) && value.every(isLevel)) return value;
  throw new UsageError(
    `${name}: expected levels as [["price","quantity"],…], was ${JSON.stringify(value)?.slice(0, 80)}`,
  );
}

export class Admin {
  private readonly parts: AdminParts;

  constructor(parts: AdminParts) {
    this.parts = parts;
  }

  /** Null for an address that is not of the simulator's own. */
  answer(request: SimRequest): SimAnswer | null {
    if (!request.path.startsWith(PREFIX)) return null;
    try {
      return this.route(request, request.path.slice(PREFIX.length)) ?? json({ error: 'not found' }, 404);
    } catch (error) {
      if (error instanceof UsageError || error instanceof URIError) return json({ error: error.message }, 400);
      throw error;
    }
  }

  private route(request: SimRequest, name: string): SimAnswer | null {
    if (name.startsWith(TRUTH)) return this.truth(request, decodeURIComponent(name.slice(TRUTH.length)));
    return request.method === 'POST' ? this.order(name, request.body) : this.look(name);
  }

  private look(name: string): SimAnswer | null {
    const { stats, lanes, faultLog } = this.parts;
    if (name === 'stats') return json(stats());
    if (name === 'subscriptions') return json(Object.fromEntries(lanes()));
    if (name === 'faults') {
      const entries = faultLog.entries.slice(-ENTRIES_MAX);
      return json({ total: faultLog.total, counts: faultLog.counts(), entries });
    }
    return null;
  }

  private order(name: string, body: string): SimAnswer | null {
    switch (name) {
      case 'pause':
        this.parts.pause();
        return json({ paused: true });
      case 'resume':
        this.parts.resume();
        return json({ paused: false });
      case 'faults':
        return this.orderFaults(body);
      case 'end': {
        const { closeAfterMs } = objectOf(body);
        return json(this.parts.end(typeof closeAfterMs === 'number' ? closeAfterMs : null));
      }
      default:
        return null;
    }
  }

  /** `{"stop":true}`, `{"inject":{"kind":…}}`, or a plan: as JSON, or as the text of `--faults`. */
  private orderFaults(body: string): SimAnswer {
    const { faults } = this.parts;
    if (/^\s*[a-z0-9-]+=/.test(body)) {
      faults.start(parseFaultPlan(body.trim()));
      return json({ faults: 'started' });
    }
    const { stop, inject, ...plan } = objectOf(body);
    if (inject !== undefined) {
      faults.order(orderOf(inject));
      return json({ faults: 'ordered' });
    }
    if (stop === true) {
      faults.stop();
      return json({ faults: 'stopped' });
    }
    faults.start(faultPlanOf(plan));
    return json({ faults: 'started' });
  }

  /** GET: the book as it stands, or as it stood at `?sequence=`. POST `{bids, asks, depth}`: which version these levels are. */
  private truth(request: SimRequest, symbol: string): SimAnswer {
    const { truth } = this.parts;
    if (!truth.symbols.includes(symbol)) return json({ error: `no market ${symbol}` }, 404);
    if (request.method === 'POST') {
      const { bids, asks, depth } = objectOf(request.body);
      const levels = [levelsOf('bids', bids), levelsOf('asks', asks)] as const;
      return json({ symbol, version: truth.versionOf(symbol, ...levels, typeof depth === 'number' ? depth : 0) });
    }
    const sequence = request.query.get('sequence');
    const book = sequence === null ? truth.book(symbol) : truth.bookAt(symbol, wholeOf('sequence', sequence, 0));
    if (book === null) return json({ error: 'before the history that is kept' }, 404);
    const depth = wholeOf('depth', request.query.get('depth'), 0) || Number.POSITIVE_INFINITY;
    return json({ symbol, ...book, bids: book.bids.slice(0, depth), asks: book.asks.slice(0, depth) });
  }
}
