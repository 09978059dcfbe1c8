// One run of known traffic through one engine, or many in a row on one journal: what its markets came to and all it told,
// to be compared with a run that nothing disturbed.

import { isDeepStrictEqual } from 'node:util';
import { eventually } from '../support/live-engine.ts';
import { Listener, NamedProducer, stateOf, type Traffic, withoutTimes } from '../support/recovery-rig.ts';
import { type EngineStats, EngineUnderTest, settled } from './engine-under-test.ts';

/** Bars of venue time that no clock closes while a test runs, and of counts. */
const BARS = ['1m', '50t'];
export const RUN_FLAGS: readonly string[] = ['--bars', BARS.join(','), '--signals', 'imbalance,vwap'];

export const journalFlags = (folder: string, checkpointMs: number): string[] => [
  ...['--journal', folder, '--checkpoint-interval', `${checkpointMs}ms`],
];

export const channelsOf = (markets: readonly string[]): string[] =>
  markets.flatMap((market) => [`trade.${market}`, `book.${market}`, `bbo.${market}`, `bar.50t.${market}`]);

export type Came = {
  readonly state: Readonly<Record<string, unknown>>;
  /** By channel, all messages without times of receipt. */
  readonly told: ReadonlyMap<string, readonly unknown[]>;
  readonly stats: EngineStats;
};

export function stateNow(
  { port }: EngineUnderTest,
  markets: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  return stateOf(port, markets, BARS) as Promise<Readonly<Record<string, unknown>>>;
}

/** The first frames name the markets, by a producer of their own; then all of them can be listened to. */
export async function nameMarkets(engine: EngineUnderTest, { frames, markets }: Traffic): Promise<readonly string[]> {
  await new NamedProducer('first', frames.slice(0, markets.length), () => engine.ingestPort).run();
  await eventually('all markets', async () => {
    const listed = await engine.get<{ market: string }[]>('/v1/markets');
    return listed.filter(({ market }) => markets.includes(market)).length === markets.length;
  });
  await settled(engine);
  return frames.slice(markets.length);
}

/** `disturb` runs beside the traffic, and is waited for; `isOver` tells it that all was taken. */
export async function wholeRun(
  engine: EngineUnderTest,
  traffic: Traffic,
  perTurn: number,
  disturb: (isOver: () => boolean) => Promise<void> = async () => undefined,
): Promise<Came> {
  const rest = await nameMarkets(engine, traffic);
  const listener = await Listener.open(engine.port, channelsOf(traffic.markets));
  // Books and best prices as they are come first, when their shard gets to it: before anything changes them.
  await eventually('all books and best prices', () =>
    traffic.markets.every((market) => ['book', 'bbo'].every((name) => listener.of(`${name}.${market}`).length > 0)),
  );
  const producer = new NamedProducer('p', rest, () => engine.ingestPort, perTurn);
  const producing = producer.run();
  await disturb(() => producer.acknowledged === rest.length);
  await producing;
  const stats = await settled(engine);
  const state = await stateNow(engine, traffic.markets);
  const told = new Map([...listener.told].map(([channel, messages]) => [channel, messages.map(withoutTimes)]));
  listener.close();
  return { state, told, stats };
}

/** What a run came to that no one disturbed. */
export async function undisturbed(traffic: Traffic, workers: number): Promise<Came> {
  const engine = await EngineUnderTest.start(['--workers', String(workers), ...RUN_FLAGS]);
  const came = await wholeRun(engine, traffic, 8);
  await engine.stop();
  return came;
}

/** Markets whose books, trades, bars or signals differ. */
export function differingMarkets(a: Came['state'], b: Came['state']): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (market) => !isDeepStrictEqual(a[market], b[market]),
  );
}

/** Messages that are not where, or what, they are in the other; and how many were compared. */
export function differingMessages(
  a: Came['told'],
  b: Came['told'],
): { differing: number; compared: number; first: string } {
  const sum = { differing: 0, compared: 0, first: '' };
  for (const channel of new Set([...a.keys(), ...b.keys()])) {
    const [ours, theirs] = [a.get(channel) ?? [], b.get(channel) ?? []];
    for (let at = 0; at < Math.max(ours.length, theirs.length); at++) {
      sum.compared++;
      if (isDeepStrictEqual(ours[at], theirs[at])) continue;
      sum.differing++;
      if (sum.first === '')
        sum.first = `${channel}, message ${at}: ${JSON.stringify(ours[at])}, expected ${JSON.stringify(theirs[at])}`;
    }
  }
  return sum;
}
