// What is expected of a golden session, as text that reads well in a diff.

import type { ReplayResult } from '../../engine/recordings/replay.ts';

export const GOLDEN_DEPTH = 20;
const LINE_CHARACTERS = 120;

/** JSON in which whatever fits on a line is one: a bar or a list of levels is broken, a level is not. */
function readableJson(value: unknown, indent: string): string {
  const whole = JSON.stringify(value);
  if (typeof value !== 'object' || value === null || indent.length + whole.length <= LINE_CHARACTERS) return whole;
  const inner = `${indent} `;
  const parts = Array.isArray(value)
    ? value.map((entry) => readableJson(entry, inner))
    : Object.entries(value).map(([name, entry]) => `${JSON.stringify(name)}: ${readableJson(entry, inner)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${close}`;
}

/** A whole replay cut to the depth that is kept; its hash is that of the whole one. */
export function expectedText(result: ReplayResult): string {
  const markets = Object.entries(result.markets).map(([name, market]) => {
    const { bids, asks } = market;
    return [name, { ...market, bids: bids.slice(0, GOLDEN_DEPTH), asks: asks.slice(0, GOLDEN_DEPTH) }] as const;
  });
  return `${readableJson({ ...result, markets: Object.fromEntries(markets) }, '')}\n`;
}
