// The ingress thread's part of a checkpoint: written down between two frames, and taken over by a thread that begins.

import type { ConnectionImage, IngressImage } from '../journal/checkpoint.ts';
import type { EngineMemory } from '../memory/engine-memory.ts';
import { MarketNames } from '../memory/market-names.ts';
import type { OpenConnection } from './connections.ts';
import { ProducerSession } from './producer-session.ts';
import { type MadeSession, makeSession, type SessionParts } from './session-maker.ts';

/** Everything as it is behind `sequence`, the last entry of the journal; frames that wait have been decoded. */
export function makeIngressImage(sequence: number, memory: EngineMemory, parts: SessionParts): IngressImage {
  const { connections, writer, markets } = parts;
  const names = new MarketNames(memory);
  const open = [...connections.open.values()];
  return {
    sequence,
    nextConnection: connections.next,
    nextClockUs: writer.clockDueUs,
    marketNames: Array.from({ length: markets.size }, (_, market) => names.of(market).name),
    connections: open.map(connectionImage),
    producers: open.flatMap(({ session }) =>
      session instanceof ProducerSession ? [{ id: session.producer, lastSequence: session.lastSequence }] : [],
    ),
    sources: [...connections.feedMarkets.connection].flatMap((connection, market) =>
      connection === 0 ? [] : [[market, connection] as const],
    ),
  };
}

function connectionImage({ connection, facts, session }: OpenConnection): ConnectionImage {
  const { dialect, source, producer, address } = facts;
  const { lastFrameNs, seenMarkets } = session;
  const decoder = session.captureDecoder();
  return { connection, dialect, source, producer, address, lastFrameNs, markets: [...seenMarkets], decoder };
}

/**
 * Goes on where the image ends: `parts` are new, and its markets get the ids they had. Returns the sessions by connection.
 * Throws where the image is of other code, or there is no room for its markets.
 */
export function takeIngressImage(image: IngressImage, parts: SessionParts): Map<number, MadeSession> {
  const { connections, writer, markets } = parts;
  const made = new Map<number, MadeSession>();
  for (const name of image.marketNames) markets.adopt(name);
  for (const connection of image.connections) {
    const session = takeConnection(connection, image, parts);
    if (session !== null) made.set(connection.connection, session);
  }
  for (const [market, connection] of image.sources) connections.feedMarkets.connection[market] = connection;
  connections.next = image.nextConnection;
  writer.clockDueUs = image.nextClockUs;
  return made;
}

function takeConnection(image: ConnectionImage, { producers }: IngressImage, parts: SessionParts): MadeSession | null {
  const made = makeSession(image.connection, image, parts);
  if (made === null) return null;
  const { session } = made;
  session.restore(image.decoder, image.markets);
  session.lastFrameNs = image.lastFrameNs;
  if (session instanceof ProducerSession)
    session.beginBehind(producers.find(({ id }) => id === session.producer)?.lastSequence ?? 0);
  return made;
}
