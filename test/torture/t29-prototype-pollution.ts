// T29: names that every object has, as key, value, symbol, venue, topic and path, by every way in: no object of any thread
// of the engine changes, and nothing is answered as a fault of ours.

import { loadSettings } from '../../engine/config.ts';
import { DECODERS } from '../../engine/ingress/decoders.ts';
import { NATIVE_DIALECTS } from '../../engine/load/venue-frames.ts';
import { faultPlanOf } from '../../engine/simulate/fault-plan.ts';
import { FrameResult } from '../../schemas/ids.ts';
import { DecoderUnderTest } from '../support/collecting-sink.ts';
import { Client, eventually } from '../support/live-engine.ts';
import { BOOK, TRADE, textsOf } from '../support/placed-texts.ts';
import { INHERITED_NAMES, placementsOf } from '../support/placements.ts';
import { askRaw } from '../support/raw-request.ts';
import { EngineUnderTest, settled } from './engine-under-test.ts';
import { exactly, type Scenario, told, zeroOf } from './scenario.ts';

/** Placements taken of one text. */
const PLACEMENTS_MAX = { tiny: 40, small: 300, full: 3_000 } as const;
const PROTOTYPES = [Object, Array, Function, Map, String, Number, Uint8Array].map(
  ({ prototype }) => prototype as object,
);
const shapeOf = (): string => PROTOTYPES.flatMap((prototype) => Object.getOwnPropertyNames(prototype)).join();

/** Sends texts and looks at the objects of this thread after each. */
class Placements {
  count = 0;
  changed = 0;
  internal = 0;
  private readonly shape = shapeOf();

  place(texts: readonly string[], send: (text: string) => void): void {
    for (const text of texts) {
      this.count++;
      try {
        send(text);
      } catch (error) {
        // Settings and plans refuse by a UsageError; anything else is a fault.
        if ((error as Error).name !== 'UsageError') throw error;
      }
      if (shapeOf() !== this.shape || 'isPolluted' in {}) this.changed++;
    }
  }

  decode(dialect: string, texts: readonly string[]): void {
    const subject = new DecoderUnderTest(DECODERS[dialect as keyof typeof DECODERS], dialect as 'json', 65_536);
    this.place(texts, (text) => {
      if (subject.result(text) === FrameResult.internal) this.internal++;
      subject.sink.reset();
    });
  }
}

function inThisThread(placements: Placements, most: number): void {
  for (const dialect of NATIVE_DIALECTS) {
    const { client, sent, asked } = textsOf(dialect);
    const dialogue = client.connector.dialogue();
    const texts = sent.flatMap((text) => placementsOf(text).slice(0, most));
    placements.decode(dialect, texts);
    placements.place(texts, (text) => dialogue.read(text));
    placements.place(asked.flatMap((text) => placementsOf(text)).slice(0, most), (text) =>
      client.session.message(text),
    );
  }
  placements.decode(
    'json',
    [TRADE, BOOK, `[${TRADE},${BOOK}]`, `{"seq":1,"messages":[${TRADE}]}`].flatMap(placementsOf),
  );
  const markets = '[{"match":"*","bars":["1s"],"signals":["imbalance"],"book":"full"}]';
  placements.place(placementsOf(markets), (text) => loadSettings({}, { MILLRACE_MARKETS: text }));
  placements.place(placementsOf('[{"role":"read","secret":"x"}]'), (text) =>
    loadSettings({}, { MILLRACE_TOKENS: text }),
  );
  placements.place(placementsOf('{"gap":1,"symbols":["a"],"seed":2}'), (text) => faultPlanOf(JSON.parse(text)));
}

const REQUESTS = [
  '{"op":"subscribe","id":1,"args":["trade.test:X","book.*"]}',
  '{"op":"resume","id":{"a":1},"args":[{"channel":"trade.test:X","seq":1}],"engine":"e"}',
  '{"op":"unsubscribe","id":"x","args":["trade.test:X",{"a":"b"}]}',
];
const PATHS = ['', 'v1/', 'v1/book/', 'v1/bars/', 'v1/latency/', 'v1/signals/', 'ingest/'];

async function inAnEngine(
  placements: Placements,
): Promise<{ serverFaults: number; threads: number; polluted: number; internal: number }> {
  const engine = await EngineUnderTest.start(['--workers', '2'], { watchesShapes: true });
  const producer = await Client.open(`ws://127.0.0.1:${engine.ingestPort}/ingest/json?producer=__proto__`);
  const reader = await Client.open(`ws://127.0.0.1:${engine.port}/stream`);
  const push = (texts: readonly string[]): void => placements.place(texts, (text) => producer.send(text));
  const names = INHERITED_NAMES.flatMap((venue) => INHERITED_NAMES.map((symbol) => [venue, symbol] as const));
  for (const [venue, symbol] of names)
    push(
      [TRADE, BOOK].map((text) => text.replace('"test"', JSON.stringify(venue)).replace('"X"', JSON.stringify(symbol))),
    );
  push([...placementsOf(TRADE), ...placementsOf(BOOK)]);
  await eventually('all markets', async () => (await engine.get<object[]>('/v1/markets')).length >= names.length);
  const ask = (texts: readonly string[]): void => placements.place(texts, (text) => reader.send(text));
  ask(REQUESTS.flatMap(placementsOf));
  for (const channel of ['trade', 'book', 'depth.20.100ms', ...INHERITED_NAMES])
    ask(names.map(([venue, symbol]) => JSON.stringify({ op: 'subscribe', args: [`${channel}.${venue}:${symbol}`] })));
  let serverFaults = 0;
  for (const name of INHERITED_NAMES) {
    for (const path of PATHS) {
      for (const port of [engine.port, engine.ingestPort]) {
        placements.count++;
        const whole = `/${path}${encodeURIComponent(name)}?${name}=1&depth=${name}&kind=${name}`;
        const { status } = await askRaw({ port, path: whole, isUpgrade: path === 'ingest/' });
        if (status >= 500 || status === 0) serverFaults++;
      }
    }
  }
  const { ingress } = await settled(engine);
  // Threads look at their own objects each 50 ms, shards with each trade.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await Promise.all([producer.close(), reader.close()]);
  await engine.stop();
  const threads = engine.stderr.split('torture: shapes are watched').length - 1;
  const polluted = engine.stderr.split('torture: a shape has changed').length - 1;
  return { serverFaults, threads, polluted, internal: ingress['internal'] };
}

export const scenario: Scenario = {
  id: 'T29',
  title: 'Prototype pollution',
  async run(size, _seed, log) {
    const placements = new Placements();
    inThisThread(placements, PLACEMENTS_MAX[size]);
    const { serverFaults, threads, polluted, internal } = await inAnEngine(placements);
    const { count, changed } = placements;
    log(JSON.stringify({ count, changed, serverFaults, threads }));
    return {
      injected: placements.count,
      detected: null,
      falseAlarms: null,
      figures: [
        zeroOf(
          'placements that changed an object of the thread they were in',
          placements.changed + polluted,
          placements.count,
        ),
        zeroOf(
          'answers of category internal, or of status 5xx',
          placements.internal + internal + serverFaults,
          placements.count,
        ),
        exactly('threads of the engine whose objects were watched', threads, 4, ''),
        told('placements', placements.count, ''),
      ],
      accounting: null,
      knownHoles: [],
      notes: [
        `Names: ${INHERITED_NAMES.join(', ')}; as further key, in place of a key and of a text, at every level of up to ${PLACEMENTS_MAX[size]} places a text.`,
        'Ways in: frames and requests of each dialect, normalised messages, topics, paths and queries, producer names, settings, fault plans.',
      ],
    };
  },
};
