// Texts into which names are placed: messages of the normalised form, and what venues say and are asked.

import { venueParts } from '../../engine/load/venue-frames.ts';
import { StreamClient } from './stream-client.ts';

export const TRADE =
  '{"type":"trade","exchange":"test","symbol":"X","price":"1","amount":"1","side":"buy","timestamp":1767225600000,"id":"7"}';
export const BOOK =
  '{"type":"book_change","exchange":"test","symbol":"X","isSnapshot":true,"bids":[{"price":"1","amount":"1"}],"asks":[],"timestamp":1767225600000}';

/** Answers, snapshots and changes as the venue itself writes them, and what is asked of it. */
export function textsOf(dialect: string): {
  readonly client: StreamClient;
  readonly sent: string[];
  readonly asked: string[];
} {
  const { connector, simulated } = venueParts(dialect);
  const client = new StreamClient(connector, simulated, { markets: 2 });
  const asked = client.connector.dialogue().subscribe(client.both().slice(0, connector.limits.subscriptionsPerMessage));
  client.subscribe(client.both());
  const isJson = (text: string): boolean => /^\s*[[{]/.test(text);
  const short = client.socket.takeTexts().filter((text) => isJson(text) && text.length < 20_000);
  return { client, sent: [...short.slice(0, 3), ...short.slice(-1)], asked: asked.filter(isJson) };
}
