// Owns the seat in which the referee or the engine sits while the exchanges' own proofs are taken.
import type { TradeBar } from './bars.ts';
import { formatDecimal, parseDecimal } from './decimal.ts';
import { asBookSnapshot } from './dialect.ts';
import { type Json, readJson } from './json.ts';
import { type Market, writeLevel, writeSequence } from './market.ts';
import { Referee } from './referee.ts';
import { Rejected } from './rejection.ts';
import { feed, replayLines } from './replay.ts';

/** What a proof needs of whoever builds books and bars. Markets are `VENUE:SYMBOL`; unknown ones have nothing. */
export type Subject = {
  frame(text: string, receiveTimeUs: number | null, connection: string): void;
  snapshot(market: string, text: string, receiveTimeUs: number | null): void;
  best(market: string): Best;
  venueSequence(market: string): number | string | null;
  /** Oldest first, the forming bar last. */
  bars(market: string, kind: string): TradeBar[];
  checksums(market: string): { ok: number; bad: number };
  gaps(market: string): number;
  markets(): string[];
};

export type Best = { bid: [string, string] | null; ask: [string, string] | null };

/** A frame as plain JavaScript values, the combined-stream wrapper taken off. Ids in the recordings lie below 2^53. */
export type PlainFrame = Record<string, unknown>;

/** `differences` describes the first few places that differ. */
export type Proof = { equal: number; compared: number; differences: string[] };

export class Tally {
  readonly proof: Proof = { equal: 0, compared: 0, differences: [] };

  compare(where: string, was: unknown, expected: unknown): void {
    this.proof.compared += 1;
    const [wasText, expectedText] = [JSON.stringify(was), JSON.stringify(expected)];
    if (wasText === expectedText) this.proof.equal += 1;
    else if (this.proof.differences.length < 5) {
      this.proof.differences.push(`${where}: expected ${expectedText}, was ${wasText}`);
    }
  }
}

/** Feeds a recording to the subject; `after` sees every frame once the subject has it. */
export function play(file: string, venue: string, subject: Subject, after: (frame: PlainFrame) => void): void {
  feed(replayLines([file], { venue }), {
    open: () => {},
    http: (line, symbol) => {
      if (symbol !== null && asBookSnapshot(tryRead(line.text)) !== null) {
        subject.snapshot(`${venue}:${symbol}`, line.text, line.timeUs);
      }
    },
    frame: (line) => {
      subject.frame(line.text, line.timeUs, line.connection);
      const frame = asPlain(JSON.parse(line.text));
      after('stream' in frame ? asPlain(frame['data']) : frame);
    },
  });
}

function tryRead(text: string): Json {
  try {
    return readJson(text);
  } catch (error) {
    if (error instanceof Rejected) return null;
    throw error;
  }
}

export function asPlain(value: unknown): PlainFrame {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function asPlainList(value: unknown): PlainFrame[] {
  return Array.isArray(value) ? value.map(asPlain) : [];
}

/** Canonical decimal text of a frame's field. */
export function canonical(value: unknown): string {
  return formatDecimal(parseDecimal(String(value)));
}

export function referenceSubject(venue: string, kinds: string[] = ['1m']): Subject {
  const referee = new Referee(venue, kinds);
  const find = (name: string): Market | undefined => referee.markets.byName.get(name);
  return {
    frame: (text, receiveTimeUs, connection) => referee.frame(text, receiveTimeUs, connection),
    snapshot: (market, text, receiveTimeUs) => referee.http(text, receiveTimeUs, market.slice(market.indexOf(':') + 1)),
    best(name) {
      const bid = find(name)?.book.bids.levels[0];
      const ask = find(name)?.book.asks.levels[0];
      return { bid: bid ? writeLevel(bid) : null, ask: ask ? writeLevel(ask) : null };
    },
    venueSequence: (name) => writeSequence(find(name)?.book.venueSequence ?? null),
    bars: (name, kind) => find(name)?.bars(kind) ?? [],
    checksums: (name) => ({ ok: find(name)?.book.checksumsOk ?? 0, bad: find(name)?.book.checksumsBad ?? 0 }),
    gaps: (name) => find(name)?.book.gaps ?? 0,
    markets: () => [...referee.markets.byName.keys()],
  };
}
