// `/v1/replay` of a live engine: what its subscribers got, from its journal, at the pace of the client, by a process that ends.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { marketPlansOf } from '../../engine/base/market-plans.ts';
import { type Client, eventually, type Json, LiveEngine } from '../support/live-engine.ts';
import { journalIn } from '../support/recovery-runs.ts';

const CHANNELS = ['trade', 'book', 'bbo', 'bar.5t', 'signal.imbalance', 'status'];
const MARKETS = ['venue:A', 'venue:B/C'];
const ROUNDS = 60;

const folder = mkdtempSync(join(tmpdir(), 'millrace-replay-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const plans = marketPlansOf({ usual: { bars: ['5t'], signals: ['imbalance'] } });

/** Books that change, and trades, of two markets; prices follow from the number. */
function framesOf(round: number): string[] {
  return ['A', 'B/C'].flatMap((symbol) => {
    const common = { exchange: 'venue', symbol, timestamp: new Date(Date.UTC(2026, 0, 1) + round).toISOString() };
    const bids = [{ price: String(100 - (round % 7)), amount: String(1 + round) }];
    const asks = [{ price: String(101 + (round % 5)), amount: round % 3 === 0 && round > 0 ? '0' : `${round}.5` }];
    const trade = { type: 'trade', ...common, id: String(round + 1), price: '100.5', amount: '0.25', side: 'buy' };
    return [{ type: 'book_change', ...common, isSnapshot: round === 0, bids, asks }, trade].map((m) =>
      JSON.stringify(m),
    );
  });
}

/** Whether a process that replays is there, by the engine's children. */
function replayProcesses(): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      const isChild = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(process.pid);
      return isChild && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('replay-child');
    } catch {
      return false;
    }
  }).length;
}

async function linesOf(engine: LiveEngine, query: string): Promise<Json[]> {
  const { status, body } = await engine.text(`/v1/replay?${query}`);
  assert.equal(status, 200, body);
  assert.ok(body === '' || body.endsWith('\n'), 'lines are whole');
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);
}

const byChannel = (messages: readonly Json[], channel: string): Json[] =>
  messages.filter((message) => message['channel'] === channel);

describe('an engine with a journal', () => {
  let engine: LiveEngine;
  let told: Json[] = [];

  before(async () => {
    engine = await LiveEngine.start({ plans, journal: journalIn(join(folder, 'journal')) });
    const producer: Client = await engine.producer('json');
    // The markets begin with nothing a subscriber could want, so that it is there for all that follows.
    for (const symbol of ['A', 'B/C'])
      producer.send({
        type: 'book_change',
        exchange: 'venue',
        symbol,
        isSnapshot: true,
        bids: [{ price: '1', amount: '1' }],
        asks: [],
        timestamp: '2026-01-01T00:00:00Z',
      });
    // Applied, too: of a book that is empty yet, a subscriber is told twice.
    for (const market of MARKETS) await engine.book(market, 1);
    const subscriber = await engine.subscriber();
    await subscriber.subscribe(...CHANNELS.flatMap((channel) => MARKETS.map((market) => `${channel}.${market}`)));
    await eventually(
      'first books',
      () => subscriber.received.filter(({ type }) => type === 'book_change').length === 2,
    );
    for (let round = 0; round < ROUNDS; round++) for (const frame of framesOf(round)) producer.send(frame);
    const last = (): boolean =>
      byChannel(subscriber.received, 'trade.venue:B/C').some(({ id }) => id === String(ROUNDS));
    await eventually('all is told', last);
    await producer.close();
    told = subscriber.received.filter((message) => typeof message['channel'] === 'string');
  });
  after(() => engine.stop());

  test('gives, by channel and market, the messages that a live subscriber got, in order of receive time', async () => {
    const replayed = await linesOf(engine, `channels=${CHANNELS.join(',')}`);
    for (const channel of CHANNELS) {
      for (const market of MARKETS) {
        const live = byChannel(told, `${channel}.${market}`).slice(1);
        const again = byChannel(replayed, `${channel}.${market}`);
        assert.ok(live.length > 5 || channel === 'status', `${channel} ${live.length}`);
        // The stream began later than the journal: numbers that main counts, and the first message, are its own.
        const bare = (messages: readonly Json[]): Json[] =>
          messages.map(({ seq, prevSeq, ...rest }) =>
            channel === 'trade' || channel === 'book' ? { ...rest, seq } : rest,
          );
        assert.deepEqual(bare(again.slice(again.length - live.length)), bare(live), `${channel}.${market}`);
      }
    }
    const plain = replayed.filter(({ type }) => type !== 'trade_bar' && type !== 'status');
    const times = plain.map(({ localTimestamp }) => String(localTimestamp));
    assert.deepEqual(times, [...times].sort());
  });

  test('numbers each channel and market without a hole', async () => {
    const last = new Map<unknown, unknown>();
    for (const message of await linesOf(engine, 'markets=venue:*')) {
      assert.equal(message['prevSeq'], last.get(message['channel']) ?? null);
      last.set(message['channel'], message['seq']);
    }
    assert.deepEqual([...last.keys()].sort(), MARKETS.flatMap((m) => [`book.${m}`, `trade.${m}`]).sort());
  });

  test('begins at `from` with whole books as they were, and ends before `to`', async () => {
    const all = await linesOf(engine, 'markets=venue:A');
    const trades = all.filter(({ type }) => type === 'trade');
    const [from, to] = [trades[20], trades[40]].map(({ localTimestamp }) => String(localTimestamp));
    const cut = await linesOf(engine, `markets=venue:A&from=${from}&to=${to}`);
    const [first, ...rest] = cut;
    assert.equal(first['isSnapshot'], true);
    const isIn = ({ localTimestamp: at }: Json): boolean => String(at) >= from && String(at) < to;
    const bare = (messages: readonly Json[]): unknown[] => messages.map(({ prevSeq, ...message }) => message);
    assert.deepEqual(bare(rest), bare(all.filter(isIn)));
    assert.ok(rest.length > 20);
    const book = (messages: readonly Json[]): Map<string, unknown> => {
      const levels = new Map<string, unknown>();
      for (const message of messages) {
        if (message['isSnapshot'] === true) levels.clear();
        for (const side of ['bids', 'asks'])
          for (const { price, amount } of (message[side] ?? []) as Json[]) levels.set(`${side} ${price}`, amount);
      }
      for (const [key, amount] of levels) if (amount === '0') levels.delete(key);
      return new Map([...levels].sort());
    };
    assert.deepEqual(book([first]), book(all.filter(({ localTimestamp: at }) => String(at) < from)));
  });

  test('says how far back the journal reaches', async () => {
    const { port } = engine.engine;
    const response = await fetch(`http://127.0.0.1:${port}/v1/replay?channels=status`);
    await response.text();
    assert.match(String(response.headers.get('x-millrace-reaches-back-to')), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    assert.match(String(response.headers.get('content-type')), /^application\/x-ndjson/);
  });

  test('names the option, the limit and the value of what cannot be taken', async () => {
    const cases: readonly [string, number, RegExp][] = [
      ['from=yesterday', 400, /^from: expected ISO 8601.*was "yesterday"/],
      ['from=1700000000', 400, /^from: .*was "1700000000"/],
      ['to=2026-02-30T00:00:00Z', 400, /^to: /],
      ['from=2026-02-01&to=2026-01-01', 400, /^to: expected a time after from/],
      ['channels=depth.5.1s', 400, /^channels: expected some of trade, book/],
      ['channels=bar.9m', 400, /^channels: .*bar\.5t.*was "bar\.9m"/],
      ['markets=,', 400, /^markets: /],
      ['channels=trade&channels=book', 400, /^channels: expected once, was there 2 times/],
      ['markets=venue:Z', 404, /^markets: expected known markets, was "venue:Z"/],
    ];
    for (const [query, status, message] of cases) {
      const answer = await engine.text(`/v1/replay?${query}`);
      assert.equal(answer.status, status, query);
      assert.match((JSON.parse(answer.body) as { error: { message: string } }).error.message, message);
    }
  });

  test('runs two at once, refuses the third, and has room again when they end', async () => {
    // All three are asked for before a process has started.
    const answers = await Promise.all([1, 2, 3].map(() => engine.text('/v1/replay?channels=trade')));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 503]);
    const refused = answers.find(({ status }) => status === 503);
    assert.match(refused?.body ?? '', /"busy".*fewer than 2 replays at once/);
    assert.ok((await linesOf(engine, 'channels=trade')).length > ROUNDS);
  });

  test('leaves no process of a client that goes', async () => {
    const leaving = new AbortController();
    const gone = fetch(`http://127.0.0.1:${engine.engine.port}/v1/replay`, { signal: leaving.signal });
    await eventually('a process', () => replayProcesses() === 1);
    leaving.abort();
    await assert.rejects(gone);
    await eventually('no process is left', () => replayProcesses() === 0);
  });

  test('ends its processes with the engine', async () => {
    const other = await LiveEngine.start({ plans, journal: journalIn(join(folder, 'other')) });
    const gone = other.text('/v1/replay').catch(() => null);
    await eventually('a process', () => replayProcesses() === 1);
    await other.stop();
    await eventually('no process is left', () => replayProcesses() === 0);
    await gone;
  });
});

test('an engine without a journal says so', async () => {
  const engine = await LiveEngine.start({ plans });
  const { status, body } = await engine.text('/v1/replay');
  assert.equal(status, 409);
  assert.match(body, /"no-journal".*--journal/);
  await engine.stop();
});

test('a replay needs the role read', async () => {
  const access = { host: '127.0.0.1', isLocal: true, origins: [], tls: null };
  const tokens = [
    { secret: 'pusher', roles: ['ingest'] },
    { secret: 'reader', roles: ['read'] },
  ] as const;
  const engine = await LiveEngine.start({
    plans,
    journal: journalIn(join(folder, 'guarded')),
    access: { ...access, tokens },
  });
  const status = async (token: string | null): Promise<number> => {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`http://127.0.0.1:${engine.engine.port}/v1/replay`, { headers });
    await response.text();
    return response.status;
  };
  assert.deepEqual([await status(null), await status('pusher'), await status('reader')], [401, 403, 200]);
  await engine.stop();
});
