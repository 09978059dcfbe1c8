// Makes sessions for connections that a journal or a checkpoint tells of: they have no socket, and nobody to answer to.

import type { DecoderFactory } from '../decode/sink.ts';
import type { ConnectionOpened } from '../journal/entry.ts';
import type { MarketDirectory } from '../route/markets.ts';
import type { Connections } from './connections.ts';
import { FeedSink } from './feed-session.ts';
import type { FrameWriter } from './frame-writer.ts';
import { ProducerSession } from './producer-session.ts';
import { Session } from './session.ts';

export type SessionParts = {
  readonly writer: FrameWriter;
  readonly markets: MarketDirectory;
  readonly marketsMax: number;
  readonly connections: Connections;
  readonly decoders: Readonly<Partial<Record<string, DecoderFactory>>>;
};

/** `settle` is told after each frame whether it was good. */
export type MadeSession = { readonly session: Session; readonly settle: (isGood: boolean) => void };

const nothing = (): void => undefined;

/** Registers the session of a connection, or returns null where this build does not know its dialect. */
export function makeSession(connection: number, facts: ConnectionOpened, parts: SessionParts): MadeSession | null {
  const factory = parts.decoders[facts.dialect];
  if (factory === undefined) return null;
  const made = facts.source === 'feed' ? feed(connection, facts, factory, parts) : pushed(facts, factory, parts);
  parts.connections.adopt(connection, facts, made.session);
  return made;
}

function pushed({ dialect, producer }: ConnectionOpened, factory: DecoderFactory, parts: SessionParts): MadeSession {
  const { writer, markets, marketsMax } = parts;
  const session =
    producer === null
      ? new Session(dialect, factory, writer, markets, marketsMax, nothing)
      : new ProducerSession(producer, dialect, factory, writer, markets, marketsMax);
  return { session, settle: nothing };
}

function feed(
  connection: number,
  { dialect }: ConnectionOpened,
  factory: DecoderFactory,
  { writer, markets, marketsMax, connections }: SessionParts,
): MadeSession {
  const sink = new FeedSink(writer, markets, dialect, connections.feedMarkets, connection);
  const session = new Session(dialect, factory, writer, markets, marketsMax, nothing, sink);
  return { session, settle: (isGood) => sink.settle(isGood) };
}
