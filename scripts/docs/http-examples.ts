// `npm run docs -- --examples`: asks every route of a running engine on its synthetic feed, and keeps short answers.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EXAMPLES_FILE, type HttpExample } from './http-text.ts';

const LOADER = fileURLToPath(new URL('../../test/support/typescript.mjs', import.meta.url));
const CLI = fileURLToPath(new URL('../../engine/cli.ts', import.meta.url));
const MARKET = encodeURIComponent('synthetic:BTC-USDT');
/** Bars of a second, books and signals all have something by then. */
const WAIT_MS = 15_000;

const REQUESTS: Readonly<Record<string, string>> = {
  '/health': '/health',
  '/ready': '/ready',
  '/metrics': '/metrics',
  '/v1/markets': '/v1/markets',
  '/v1/book/{market}': `/v1/book/${MARKET}?depth=2`,
  '/v1/measures/{market}': `/v1/measures/${MARKET}?levels=1,5&bps=10&quantity=0.5`,
  '/v1/bars/{market}': `/v1/bars/${MARKET}?kind=1s&limit=2`,
  '/v1/trades/{market}': `/v1/trades/${MARKET}?limit=2`,
  '/v1/signals/{market}': `/v1/signals/${MARKET}`,
  '/v1/replay': `/v1/replay?markets=${MARKET}&channels=trade,bar.1s`,
  '/v1/latency': '/v1/latency',
  '/v1/latency/{stage}.hgrm': '/v1/latency/decode.hgrm',
  '/v1/latency/{stage}.json': '/v1/latency/decode.json',
  '/v1/stats': '/v1/stats?markets=0',
};

const LIST_ITEMS = 2;
const TEXT_LINES = 8;
/** Fields kept of the inner objects of `/v1/stats`; other answers are short. */
const STATS_FIELDS = 8;

/** Lists, and objects of more than so many fields, cut to the first of them, so that the shape is seen. */
function cut(value: unknown, fieldsMax: number, depth = 0): unknown {
  if (Array.isArray(value)) return value.slice(0, LIST_ITEMS).map((item) => cut(item, fieldsMax, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).slice(0, depth === 0 ? Number.POSITIVE_INFINITY : fieldsMax);
  return Object.fromEntries(kept.map(([key, inner]) => [key, cut(inner, Math.ceil(fieldsMax / 2), depth + 1)]));
}

/** One line an item of the outermost level: readable, and not long. */
function printed(value: unknown): string {
  const open = Array.isArray(value) ? '[]' : '{}';
  const lines = Array.isArray(value)
    ? value.map((item) => `  ${JSON.stringify(item)}`)
    : Object.entries(value as object).map(([key, inner]) => `  ${JSON.stringify(key)}: ${JSON.stringify(inner)}`);
  return `${open[0]}\n${lines.join(',\n')}\n${open[1]}`;
}

function shortened(path: string, type: string, body: string): string {
  const fieldsMax = path === '/v1/stats' ? STATS_FIELDS : Number.POSITIVE_INFINITY;
  if (type.startsWith('application/json')) return printed(cut(JSON.parse(body), fieldsMax));
  const lines = body.split('\n').filter((line) => line !== '');
  return lines.slice(0, type.includes('ndjson') ? LIST_ITEMS : TEXT_LINES).join('\n');
}

/** Rejects where the engine ends before it says where it is. */
function addressOf(engine: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let told = '';
    engine.stderr?.on('data', (chunk) => {
      told = `${told}${String(chunk)}`.slice(-2_000);
      const found = /dashboard (http:\/\/[^/]+)\//.exec(told);
      if (found !== null) resolve(found[1]);
    });
    engine.once('exit', () => reject(new Error(`expected an engine that starts, was: ${told}`)));
  });
}

async function askAll(address: string): Promise<Record<string, HttpExample>> {
  const examples: Record<string, HttpExample> = {};
  for (const [path, request] of Object.entries(REQUESTS)) {
    const response = await fetch(`${address}${request}`);
    if (response.status !== 200) throw new Error(`${request}: expected 200, was ${response.status}`);
    const type = response.headers.get('content-type') ?? '';
    examples[path] = { request, answer: shortened(path, type, await response.text()) };
  }
  return examples;
}

/** Starts an engine, asks, and writes scripts/docs/http-examples.json. */
export async function recordExamples(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-examples-'));
  const parameters = [
    'start',
    '--port',
    '0',
    '--ingest-port',
    '0',
    '--workers',
    '1',
    '--rate',
    '200',
    '--journal',
    folder,
  ];
  const engine = spawn(process.execPath, ['--import', LOADER, CLI, ...parameters], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    const address = await addressOf(engine);
    await setTimeout(WAIT_MS);
    writeFileSync(EXAMPLES_FILE, `${JSON.stringify(await askAll(address), null, 2)}\n`);
  } finally {
    if (engine.kill('SIGTERM')) await once(engine, 'exit');
    rmSync(folder, { recursive: true, force: true });
  }
}
