// Names that every object has, sent by every way in: no object changes, and nothing is answered as a fault of ours.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { loadSettings, plansOf } from '../../engine/config.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { NATIVE_DIALECTS } from '../../engine/load/venue-frames.ts';
import { faultPlanOf } from '../../engine/simulate/fault-plan.ts';
import { FrameResult } from '../../schemas/ids.ts';
import { DecoderUnderTest } from '../support/collecting-sink.ts';
import { eventually, LiveEngine } from '../support/live-engine.ts';
import { BOOK, TRADE, textsOf } from '../support/placed-texts.ts';
import { INHERITED_NAMES, placementsOf } from '../support/placements.ts';
import { askRaw } from '../support/raw-request.ts';

const PROTOTYPES = [Object, Array, Function, Map, String, Number, Uint8Array].map(
  ({ prototype }) => prototype as object,
);
const shapeOf = (): string[] => PROTOTYPES.flatMap((prototype) => Object.getOwnPropertyNames(prototype));
const before = shapeOf();

let placements = 0;

/** Sends one, and looks at once: a culprit has a name. */
function place(text: string, send: (text: string) => void): void {
  placements++;
  send(text);
  if (shapeOf().length !== before.length || 'isPolluted' in {}) assert.fail(`an object was changed by ${text}`);
}

after(() => {
  assert.deepEqual(shapeOf(), before);
  assert.ok(placements >= 500, `expected at least 500 placements, were ${placements}`);
});

describe('names that every object has', () => {
  for (const dialect of NATIVE_DIALECTS) {
    test(`change nothing in frames and requests of ${dialect}`, () => {
      const { client, sent, asked } = textsOf(dialect);
      const subject = new DecoderUnderTest(DECODERS[dialect], dialect, 65_536);
      const dialogue = client.connector.dialogue();
      assert.ok(sent.length > 0);
      for (const text of sent.flatMap((frame) => placementsOf(frame).slice(0, 300))) {
        place(text, (frame) => {
          assert.notEqual(subject.result(frame), FrameResult.internal, frame);
          subject.sink.reset();
        });
        place(text, (frame) => dialogue.read(frame));
      }
      for (const text of asked.flatMap((request) => placementsOf(request)))
        place(text, (request) => client.session.message(request));
    });
  }

  test('change nothing in normalised messages', () => {
    const subject = new DecoderUnderTest(DECODERS.json, 'json');
    for (const message of [
      TRADE,
      BOOK,
      `[${TRADE},${BOOK}]`,
      `{"seq":1,"messages":[${TRADE}]}`,
      `{"snapshot":${BOOK}}`,
    ])
      for (const text of placementsOf(message))
        place(text, (frame) => {
          assert.notEqual(subject.result(frame), FrameResult.internal, frame);
          subject.sink.reset();
        });
  });

  test('change nothing in settings, plans of markets and plans of faults', async () => {
    const refused = (run: () => unknown): void => {
      try {
        run();
      } catch (error) {
        assert.equal((error as Error).name, 'UsageError');
      }
    };
    const markets = '[{"match":"*","bars":["1s"],"signals":["imbalance"],"book":"full"}]';
    for (const text of placementsOf(markets)) {
      place(text, (value) => refused(() => loadSettings({}, { MILLRACE_MARKETS: value })));
      const flags = { markets: JSON.parse(text), feed: ['none'] };
      await Promise.resolve()
        .then(() => plansOf(loadSettings(flags, {})))
        .catch((error) => assert.equal(error.name, 'UsageError'));
    }
    for (const text of placementsOf('[{"role":"read","secret":"x"}]'))
      place(text, (value) => refused(() => loadSettings({}, { MILLRACE_TOKENS: value })));
    for (const text of placementsOf('{"gap":1,"symbols":["a"],"seed":2}'))
      place(text, (value) => refused(() => faultPlanOf(JSON.parse(value))));
    for (const name of INHERITED_NAMES) {
      for (const key of ['feed', 'bars', 'signals', 'roleToken', 'origin', 'venueUrl'])
        place(name, (value) => refused(() => loadSettings({ [key]: [value] }, {})));
      place(name, (value) => refused(() => loadSettings({ [value]: 1 }, {})));
    }
  });

  test('are symbols, venues, topics and paths like any others in a running engine', async (t) => {
    const engine = await LiveEngine.start();
    t.after(() => engine.stop());
    const { port, ingestPort } = engine.engine;
    const pushed = await engine.producer('json?producer=__proto__');
    const names = INHERITED_NAMES.flatMap((venue) => INHERITED_NAMES.map((symbol) => `${venue}:${symbol}`));
    for (const name of names) {
      const [exchange, symbol] = name.split(':');
      for (const message of [TRADE, BOOK]) {
        const text = message.replace('"test"', JSON.stringify(exchange)).replace('"X"', JSON.stringify(symbol));
        place(text, (frame) => pushed.send(frame));
      }
    }
    for (const text of [...placementsOf(TRADE), ...placementsOf(BOOK)]) place(text, (frame) => pushed.send(frame));
    await eventually('all markets', async () => (await engine.get<object[]>('/v1/markets')).length >= names.length);
    const reader = await engine.subscriber();
    const requests = [
      '{"op":"subscribe","id":1,"args":["trade.test:X","book.*"]}',
      '{"op":"resume","id":{"a":1},"args":[{"channel":"trade.test:X","seq":1}],"engine":"e"}',
      '{"op":"unsubscribe","id":"x","args":["trade.test:X",{"a":"b"}]}',
    ];
    for (const text of requests.flatMap(placementsOf)) place(text, (request) => reader.send(request));
    const channels = [
      'trade',
      'book',
      'bbo',
      'depth.20.100ms',
      'bar.1s',
      'bar.__proto__',
      'signal.__proto__',
      'status',
    ];
    for (const name of [...names, ...INHERITED_NAMES])
      for (const channel of [...channels, ...INHERITED_NAMES])
        place(`${channel}.${name}`, (topic) => reader.send({ op: 'subscribe', args: [topic] }));
    reader.send({ op: 'ping', id: 'last' });
    await reader.next('the last answer', (message) => message['op'] === 'pong' && message['id'] === 'last');
    for (const name of INHERITED_NAMES) {
      for (const path of [
        '',
        'v1/',
        'v1/book/',
        'v1/bars/',
        'v1/latency/',
        'v1/signals/',
        'ingest/',
        `v1/book/${name}:`,
      ]) {
        const encoded = `/${path}${encodeURIComponent(name)}?${name}=1&depth=${name}&kind=${name}`;
        for (const each of [port, ingestPort]) {
          placements++;
          assert.ok((await askRaw({ port: each, path: encoded, isUpgrade: path === 'ingest/' })).status < 500, encoded);
        }
      }
    }
    const stats = await engine.get<{ total: { rejected: object }; markets: object; venues: object }>('/v1/stats');
    assert.equal(Object.hasOwn(stats.total.rejected, 'internal'), false);
    for (const name of names) {
      assert.ok(Object.hasOwn(stats.markets, name), name);
      assert.equal((await engine.get(`/v1/book/${encodeURIComponent(name)}`))['market'], name);
    }
    for (const name of INHERITED_NAMES) assert.ok(Object.hasOwn(stats.venues, name), name);
    assert.match((await engine.text('/metrics')).body, /venue="__proto__"/);
    t.diagnostic(`${placements} placements`);
  });
});
