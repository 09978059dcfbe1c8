// Owns the referee's entry: files in, exactly what `millrace replay --json` must write out (INTERFACES, replay).
import { createHash } from 'node:crypto';
import { binanceSymbol } from './binance.ts';
import { readJson } from './json.ts';
import { type Line, readLines } from './lines.ts';
import type { MarketResult } from './market.ts';
import { type Counts, Referee } from './referee.ts';
import { Rejected } from './rejection.ts';

export type ReplayOptions = {
  venue: string;
  bars?: string[];
  /** Levels a side in the result; 0 is every level. */
  depth?: number;
  /** A frame it refuses is left out as if it stood in no file. */
  keepFrame?: (rawText: string, venue: string) => boolean;
  /** Rewrites a frame's text; `index` counts the frames (not `http` lines) of all files from 0, before any is left out. */
  mapFrame?: (rawText: string, index: number) => string;
};

export type ReplayResult = { hash: string } & Counts & { markets: Record<string, MarketResult> };

export function referenceReplay(files: string[], options: ReplayOptions): ReplayResult {
  const kinds = options.bars ?? ['1s', '1m'];
  const referee = new Referee(options.venue, kinds);
  feed(replayLines(files, options), {
    open: (line) => referee.open(line.connection),
    frame: (line) => referee.frame(line.text, line.timeUs, line.connection),
    http: (line, symbol) => referee.http(line.text, line.timeUs, symbol),
  });
  const whole = writeMarkets(referee, kinds, 0);
  return {
    hash: createHash('sha256').update(JSON.stringify(whole)).digest('hex'),
    ...referee.counts,
    markets: options.depth ? writeMarkets(referee, kinds, options.depth) : whole,
  };
}

/** The lines to replay, frames filtered and rewritten as asked. */
export function replayLines(files: string[], options: ReplayOptions): Line[] {
  let index = 0;
  return readLines(files).flatMap((line) => {
    if (line.kind !== 'recv') return [line];
    const frameIndex = index;
    index += 1;
    if (options.keepFrame !== undefined && !options.keepFrame(line.text, options.venue)) return [];
    return [options.mapFrame === undefined ? line : { ...line, text: options.mapFrame(line.text, frameIndex) }];
  });
}

export type Handlers = {
  open(line: Line): void;
  frame(line: Line): void;
  http(line: Line, symbol: string | null): void;
};

export function feed(lines: Line[], handlers: Handlers): void {
  const onlySymbols = findOnlySymbols(lines);
  for (const line of lines) {
    if (line.kind === 'open') handlers.open(line);
    else if (line.kind === 'recv') handlers.frame(line);
    else handlers.http(line, symbolOfAddress(line.address) ?? onlySymbols.get(line.fileIndex) ?? null);
  }
}

function symbolOfAddress(address: string): string | null {
  const match = /[?&]symbol=([^&#]+)/.exec(address);
  return match === null ? null : decodeURIComponent(match[1]);
}

/** File index to the symbol that all its frames name, looked for only where an address names none. */
function findOnlySymbols(lines: Line[]): Map<number, string> {
  const isNeeded = new Set<number>();
  for (const line of lines) {
    if (line.kind === 'http' && symbolOfAddress(line.address) === null) isNeeded.add(line.fileIndex);
  }
  const named = new Map<number, Set<string>>();
  for (const line of lines) {
    if (line.kind !== 'recv' || !isNeeded.has(line.fileIndex)) continue;
    const symbol = symbolOfFrame(line.text);
    if (symbol !== null) named.set(line.fileIndex, (named.get(line.fileIndex) ?? new Set()).add(symbol));
  }
  const single = [...named].filter(([, symbols]) => symbols.size === 1);
  return new Map(single.map(([fileIndex, symbols]) => [fileIndex, [...symbols][0]]));
}

function symbolOfFrame(text: string): string | null {
  try {
    return binanceSymbol(readJson(text));
  } catch (error) {
    if (error instanceof Rejected) return null;
    throw error;
  }
}

function writeMarkets(referee: Referee, kinds: readonly string[], depth: number): Record<string, MarketResult> {
  const byName = [...referee.markets.byName];
  byName.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(byName.map(([name, market]) => [name, market.result(kinds, depth)]));
}
