// The counter of a dYdX connection, case by case: what is in order, what is lost and when that is known, what is a repeat.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { RECEIVE } from '../../../engine/decode/sink.ts';
import { DydxDecoder } from '../../../engine/venues/dydx/decode.ts';
import { FrameResult, StateReason } from '../../../schemas/ids.ts';
import { decodeFrame, MemorySink } from '../../support/memory-sink.ts';
import { recordingTest } from '../../support/recordings.ts';
import '../../support/seed.ts';

const SECOND_NS = 1e9;

/**
 * A message by its letter and number: `c` connected, `s` subscribed (a book), `d` data, `t` trades, `u` unsubscribed, `e` error,
 * `x` a type not known, `b` data that is refused.
 */
function message(step: string): string {
  const number = Number(step.slice(1));
  const head = { connection_id: 'one', message_id: number };
  const book = { channel: 'v4_orderbook', id: 'BTC-USD' };
  switch (step[0]) {
    case 'c':
      return JSON.stringify({ type: 'connected', ...head });
    case 's':
      return JSON.stringify({ type: 'subscribed', ...head, ...book, contents: { bids: [], asks: [] } });
    case 'd':
      return JSON.stringify({ type: 'channel_data', ...head, ...book, contents: { bids: [['1', '1']] } });
    case 't':
      return JSON.stringify({
        type: 'channel_data',
        ...head,
        channel: 'v4_trades',
        id: 'ETH-USD',
        contents: { trades: [] },
      });
    case 'u':
      return JSON.stringify({ type: 'unsubscribed', ...head, ...book });
    case 'e':
      return JSON.stringify({ type: 'error', message: 'Invalid channel: v3', ...head });
    case 'x':
      return JSON.stringify({ type: 'news', ...head });
    default:
      return JSON.stringify({ type: 'channel_data', ...head, ...book, contents: { bids: [['1', 1]] } });
  }
}

type Run = {
  readonly gaps: number;
  readonly duplicates: number;
  readonly lost: readonly number[];
  readonly changes: number;
};

/** Steps of messages, `>` for a subscribe that was sent, `.` for another request, and `+30` for seconds that pass. */
function run(steps: string): Run {
  const sink = new MemorySink();
  const decoder = new DydxDecoder(sink, 'dydx');
  const lost: number[] = [];
  let changes = 0;
  for (const step of steps.split(' ')) {
    if (step[0] === '+') sink.frame[RECEIVE] += Number(step.slice(1)) * SECOND_NS;
    else if (step === '>') decoder.sent('{"type":"subscribe","channel":"v4_orderbook","id":"BTC-USD"}');
    else if (step === '.') decoder.sent('{"type":"unsubscribe","channel":"v4_orderbook","id":"BTC-USD"}');
    else {
      for (const record of decodeFrame(sink, decoder, message(step)).records) {
        if (record.type === 'gap' && record['flags'] === StateReason.gap) lost.push(Number(record['lost']));
        if (record.type === 'bookChange') changes++;
      }
    }
  }
  return { gaps: decoder.gaps, duplicates: decoder.duplicates, lost, changes };
}

type Expected = [gaps: number, duplicates: number, lost: number[], changes: number];
const CASES: readonly (readonly [name: string, steps: string, expected: Expected])[] = [
  ['numbers in order', 'c0 s1 d2 d3 u4 d5', [0, 0, [], 4]],
  ['a connection joined midway', 'd99 d100 s101 d102', [0, 0, [], 4]],
  ['an answer from before we came', 'd99 s98 d100', [0, 0, [], 3]],
  ['answers behind higher numbers', 'c0 s1 d5 d6 s3 s2 s4 d7', [0, 0, [], 7]],
  ['a refusal behind higher numbers', 'c0 s1 d3 e2 d4', [0, 0, [], 3]],
  ['an error that repeats the present number', 'c0 s1 d2 e2 d3', [0, 0, [], 3]],
  ['an error with the number of an unanswered subscribe', 'c0 e1 s1 d2', [0, 0, [], 2]],
  ['a hole that nothing fills, until an answer would have come', 'c0 s1 d3 +4 d4 +2 d5', [1, 0, [1], 4]],
  ['a hole filled in time', 'c0 s1 d3 +4 s2 +30 d4', [0, 0, [], 4]],
  ['two holes of different age', 'c0 s1 d3 +3 d5 +3 d6 +3 d7', [2, 0, [1, 1], 5]],
  ['a hole filled by data: out of order', 'c0 s1 d3 d2 d4', [1, 1, [1], 3]],
  ['a hole filled by unsubscribed: out of order', 'c0 s1 d3 u2 d4', [1, 1, [1], 3]],
  ['a repeat', 'c0 s1 d2 d2 d3', [0, 1, [], 3]],
  ['a repeated answer', 'c0 s1 s1 d2', [0, 1, [], 2]],
  ['connected twice', 'c0 c0 s1', [0, 1, [], 1]],
  ['connected again', 'c0 s1 d2 c0 s1 d2', [1, 0, [0], 4]],
  ['a type not known has a number', 'c0 s1 x2 d3', [0, 0, [], 2]],
  ['a refused message shows at the next', 'c0 s1 b2 d3', [1, 0, [1], 2]],
  ['a refused message is told once', 'c0 s1 b2 d3 +60 d4', [1, 0, [1], 3]],
  // Requests known.
  ['requests known: nothing unanswered, so a hole is a loss at once', '> c0 s1 d3', [1, 0, [1], 2]],
  ['requests known: as many holes as unanswered subscribes', '> > > c0 s1 d4 s2 s3 d5', [0, 0, [], 5]],
  ['requests known: one hole too many', '> > c0 s1 d4', [1, 0, [1], 2]],
  [
    'requests known: a loss hidden by an unanswered subscribe shows with its answer',
    '> > c0 s1 d3 d4 s5',
    [1, 0, [1], 4],
  ],
  ['requests known: an answer after a loss is still taken', '> > c0 s1 d4 s2 d5', [1, 0, [1], 4]],
  ['requests known: the lost one is told once', '> > c0 s1 d4 s2 d5 d6 +60 d7', [1, 0, [1], 6]],
  [
    'requests known: an answer that was refused does not hide a loss for ever',
    '> > c0 s1 b2 d3 +31 d4 d6',
    [2, 0, [1, 1], 4],
  ],
  ['requests known: an answer that never comes', '> > c0 s1 d3 +31 d4', [1, 0, [1], 3]],
  ['requests known: unsubscribes are answered as they come', '> c0 s1 . u2 d4', [1, 0, [1], 2]],
  ['requests known: a malformed subscribe is answered by its error', '> > c0 s1 e1 d3', [1, 0, [1], 2]],
  ['requests known: a malformed one beside an unanswered one', '> > > c0 s1 d2 e3 s3 d5', [1, 0, [1], 4]],
  ['requests known: a late number behind a loss is a repeat', '> c0 s1 d3 d2 d4', [1, 1, [1], 3]],
];

for (const [name, steps, expected] of CASES) {
  test(`${name}: ${steps}`, () => {
    const { gaps, duplicates, lost, changes } = run(steps);
    assert.deepEqual([gaps, duplicates, lost, changes], expected);
  });
}

test('a market with trades alone is told of lost messages without a reason for its book', () => {
  const sink = new MemorySink();
  const decoder = new DydxDecoder(sink, 'dydx');
  decoder.sent('');
  for (const step of ['c0', 't1']) decodeFrame(sink, decoder, message(step));
  const { records } = decodeFrame(sink, decoder, message('t4'));
  assert.deepEqual(
    records.map(({ type, market, flags, lost }) => [type, market, flags, lost]),
    [['gap', 'ETH-USD', StateReason.none, 2]],
  );
});

test('another connection id begins anew, and breaks the books of the one before', () => {
  const sink = new MemorySink();
  const decoder = new DydxDecoder(sink, 'dydx');
  for (const step of ['c0', 's1', 'd2']) decodeFrame(sink, decoder, message(step));
  const { records } = decodeFrame(sink, decoder, message('t7').replace('"one"', '"two"'));
  assert.deepEqual(
    records.map(({ type, market, flags }) => [type, market, flags]),
    [['gap', 'BTC-USD', StateReason.gap]],
  );
  assert.deepEqual(decodeFrame(sink, decoder, message('t8').replace('"one"', '"two"')).records, []);
});

test('a message with escapes, which is decoded twice, counts once', () => {
  const sink = new MemorySink();
  const decoder = new DydxDecoder(sink, 'dydx');
  const escaped = (step: string): string => message(step).replaceAll('BTC-USD', 'BTC\\u002dUSD');
  for (const frame of [message('c0'), escaped('s1'), escaped('d2'), message('d3'), escaped('d5')]) {
    decodeFrame(sink, decoder, frame);
  }
  assert.deepEqual([decoder.gaps, decoder.duplicates, sink.symbols], [0, 0, ['BTC-USD']]);
  decodeFrame(sink, decoder, escaped('d5'));
  assert.deepEqual([decoder.gaps, decoder.duplicates], [0, 1]);
  decodeFrame(sink, decoder, escaped('d4'));
  assert.deepEqual([decoder.gaps, decoder.duplicates], [1, 2]);
});

test('a message refused for broken JSON behind a wrong field, escapes in it, is a loss at the next number', () => {
  const sink = new MemorySink();
  const decoder = new DydxDecoder(sink, 'dydx');
  for (const step of ['c0', 's1', 'd2']) decodeFrame(sink, decoder, message(step));
  const broken = message('d3').replace('["1","1"]]}}', '["1","0\\"]]},"z":""}');
  assert.equal(decodeFrame(sink, decoder, broken).result, FrameResult.syntax);
  assert.deepEqual(
    decodeFrame(sink, decoder, message('d4')).records.map(({ type }) => type),
    ['gap', 'bookChange', 'level'],
  );
  assert.equal(decoder.gaps, 1);
});

test('where requests are known every schedule of answers is free of alarms, and every lost message is told', () => {
  const schedule = fc.record({
    /** What the server does in turn: take a subscribe, or send data. */
    takes: fc.array(fc.constantFrom('s', 'd', 'd', 'd'), { minLength: 4, maxLength: 40 }),
    /** How many messages later each answer comes. */
    delays: fc.array(fc.nat({ max: 8 }), { minLength: 40, maxLength: 40 }),
    lost: fc.option(fc.nat({ max: 39 })),
  });
  fc.assert(
    fc.property(schedule, ({ takes, delays, lost }) => {
      const sent = takes.map((letter, index) => ({
        step: `${letter}${index + 1}`,
        at: index + (letter === 's' ? delays[index] + 0.5 : 0),
      }));
      sent.sort((a, b) => a.at - b.at);
      const last = takes.length + 1;
      // Only data are lost: the loss of an answer shows by its subscription staying silent.
      const isLost = lost !== null && takes[lost] === 'd';
      const arrived = sent.filter(({ step }) => !isLost || step !== `d${lost + 1}`);
      const requests = takes.flatMap((letter) => (letter === 's' ? ['>'] : []));
      const steps = ['.', 'c0', '>', 's1'];
      const shifted = arrived.map(({ step }) => `${step[0]}${Number(step.slice(1)) + 1}`);
      const { gaps, duplicates } = run([...steps, ...requests, ...shifted, `d${last + 1}`].join(' '));
      assert.deepEqual([gaps, duplicates], [isLost ? 1 : 0, 0]);
    }),
    { numRuns: 400 },
  );
});

recordingTest(
  'the numbers of the recorded v3 session, answers late, are without alarm; and each data message taken away is a loss',
  ['dydx/v3-20211028-10mkts.ndjson.gz'],
  (_, path) => {
    const lines = gunzipSync(readFileSync(path)).toString('utf8').trim().split('\n');
    const parsed = lines.map((line) => JSON.parse(line) as { k: string; d?: string });
    const steps = parsed.flatMap(({ k, d = '' }) => {
      if (k === 'send') return ['>'];
      if (k !== 'recv') return [];
      const { type, message_id } = JSON.parse(d) as { type: string; message_id: number };
      return [`${type === 'subscribed' ? 's' : type === 'connected' ? 'c' : 'd'}${message_id}`];
    });
    assert.equal(steps.length, 4733 + 20);
    assert.deepEqual(picked(run(steps.join(' '))), [0, 0]);
    assert.deepEqual(picked(run(steps.filter((step) => step !== '>').join(' '))), [0, 0]);
    for (const taken of ['d21', 'd31', 'd32', 'd33', 'd500']) {
      const less = steps.slice(0, 600).filter((step) => step !== taken);
      assert.deepEqual(picked(run(less.join(' '))), [1, 0], taken);
    }
  },
);

function picked({ gaps, duplicates }: Run): [number, number] {
  return [gaps, duplicates];
}
