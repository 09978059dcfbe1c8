// Owns the playing of a recording: each subscription of each connection gets its frames from the start, in their pace.

import type { SimConnection } from './connection.ts';
import type { Channel } from './faults.ts';
import type { SimulatedMarket } from './market.ts';
import type { RecordedFrame, Recording } from './recording.ts';

const TIMER_MS = 10;
/** A subscription that the venue's session no longer sends for has ended. */
const FORGET_MS = 3_000;

type Lane = {
  readonly symbol: string;
  readonly channel: Channel;
  readonly frames: readonly RecordedFrame[];
  startMs: number;
  seenMs: number;
  next: number;
};

/** The subscriptions of one connection. Frames of several markets are sent once. */
type Player = { readonly lanes: Map<string, Lane>; readonly sentIndexes: Set<number> };

export class Playback {
  private readonly recording: Recording;
  private readonly markets: readonly SimulatedMarket[];
  private readonly speed: number;
  private readonly players = new Map<SimConnection, Player>();
  private readonly timer: NodeJS.Timeout;

  constructor(recording: Recording, markets: readonly SimulatedMarket[], speed: number) {
    this.recording = recording;
    this.markets = markets;
    this.speed = speed;
    this.timer = setInterval(() => this.play(), TIMER_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The venue's session would have sent data of this subscription; in answer to a message it begins anew. */
  note(connection: SimConnection, symbol: string, channel: Channel): void {
    const nowMs = performance.now();
    let player = this.players.get(connection);
    if (player === undefined) {
      player = { lanes: new Map(), sentIndexes: new Set() };
      this.players.set(connection, player);
    }
    const key = `${channel}:${symbol}`;
    const lane = player.lanes.get(key);
    if (lane !== undefined && !connection.isReading) {
      lane.seenMs = nowMs;
      return;
    }
    const frames = this.recording.frames(symbol, channel);
    if (lane !== undefined) for (const frame of frames) player.sentIndexes.delete(frame.index);
    player.lanes.set(key, { symbol, channel, frames, startMs: nowMs, seenMs: nowMs, next: 0 });
  }

  /** Lets invented things happen in each market, which sessions of subscribers tell of; nobody is sent them. */
  probe(connections: Iterable<SimConnection>, step: (market: SimulatedMarket) => void): void {
    for (const market of this.markets) {
      step(market);
      const [trade] = market.trades(1);
      if (trade === undefined) continue;
      for (const connection of connections) connection.run((session) => session.trade(market, trade));
    }
  }

  private play(): void {
    const nowMs = performance.now();
    for (const [connection, player] of this.players) {
      if (connection.active === null) this.players.delete(connection);
      else this.playTo(connection, player, nowMs);
    }
  }

  /** In the recording's order over all subscriptions, as a connection with one counter needs it. */
  private playTo(connection: SimConnection, { lanes, sentIndexes }: Player, nowMs: number): void {
    const due: { readonly lane: Lane; readonly frame: RecordedFrame }[] = [];
    for (const [key, lane] of lanes) {
      if (nowMs - lane.seenMs > FORGET_MS) lanes.delete(key);
      for (const frame of this.dueOf(lane, nowMs)) due.push({ lane, frame });
    }
    due.sort((a, b) => a.frame.index - b.frame.index);
    for (const { lane, frame } of due) {
      if (sentIndexes.has(frame.index)) continue;
      if (frame.symbols.length > 1) sentIndexes.add(frame.index);
      connection.deliver(lane.symbol, lane.channel, frame.text);
    }
  }

  private dueOf(lane: Lane, nowMs: number): RecordedFrame[] {
    const untilMs = (nowMs - lane.startMs) * this.speed;
    const first = lane.next;
    while (lane.next < lane.frames.length && lane.frames[lane.next].atMs <= untilMs) lane.next++;
    return lane.frames.slice(first, lane.next);
  }
}
