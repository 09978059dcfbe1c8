// A checksum that does not match: only its market resyncs, and the level to blame is named where one explains it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readSession } from '../support/frames-file.ts';
import { type Client, eventually, type Json, LiveEngine } from '../support/live-engine.ts';
import { GOLDEN_SESSIONS } from '../support/recordings.ts';

let live: LiveEngine;
let producer: Client;

before(async () => {
  live = await LiveEngine.start();
  producer = await live.producer('kraken');
});
after(async () => {
  await producer.close();
  await live.stop();
});

test('zeros at the end of one quantity that are not as sent are found, and the neighbour on the socket stays live', async () => {
  const frames = readSession(GOLDEN_SESSIONS[2].path).flatMap(({ k, d = '' }) => (k === 'recv' ? [d] : []));
  const snapshots = frames.filter((text) => text.includes('"type":"snapshot"') && text.includes('"channel":"book"'));
  const [spoilt, sound] = snapshots;
  assert.notEqual(sound, undefined);
  const level = /"bids":\[\{"price":([\d.]+),"qty":([\d.]+)\}/.exec(spoilt);
  assert.ok(level !== null);
  const [, price, quantity] = level;
  producer.send(spoilt.replace(`"qty":${quantity}}`, `"qty":${quantity}0}`));
  producer.send(sound);
  await live.taken(2);
  const symbolOf = (text: string): string => /"symbol":"([^"]+)"/.exec(text)?.[1] ?? '';
  const { checksumMismatches } = await eventually('the report', async () => {
    const stats = await live.get<{ checksumMismatches: Json[] }>('/v1/stats');
    return stats.checksumMismatches.length > 0 ? stats : null;
  });
  assert.equal(checksumMismatches.length, 1);
  const { market, suspect, expected, was } = checksumMismatches[0];
  assert.equal(market, `kraken:${symbolOf(spoilt)}`);
  assert.notEqual(expected, was);
  assert.deepEqual(suspect, {
    ...{ side: 'bid', fault: 'digits', rank: 0, price },
    ...{ quantity: `${quantity}0`, expectedQuantity: quantity },
  });
  const book = await live.book(`kraken:${symbolOf(spoilt)}`, 1);
  assert.deepEqual([book.state, book.reason], ['resyncing', 'checksum']);
  assert.equal((await live.book(`kraken:${symbolOf(sound)}`, 1)).state, 'live');
});
