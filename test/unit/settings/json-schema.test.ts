// The JSON Schema of the configuration file: it takes what the engine takes, in the forms it recommends, and no other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { jsonSchema } from '../../../engine/settings/json-schema.ts';
import { SETTINGS, settings } from '../../../engine/settings/schema.ts';

const schema = z.fromJSONSchema(jsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
const isTaken = (value: unknown): readonly boolean[] => [
  schema.safeParse(value).success,
  settings.safeParse(value).success,
];

test('schema and engine take the same files', () => {
  for (const value of [
    {},
    { port: 8080, shutdownTimeout: '2m', journalBytes: '512MiB', lateness: 5, insecure: true, venueProxy: null },
    { feed: ['binance:BTCUSDT', 'ETHUSDT'], signals: [], origin: ['https://a.example'] },
    {
      markets: [
        { match: '*', book: 20, bars: ['1s'], lateness: '3s' },
        { match: 'a', book: 'none' },
      ],
      tokens: null,
    },
    { tokens: [{ role: 'read', secretFile: 'a' }] },
  ])
    assert.deepEqual(isTaken(value), [true, true], JSON.stringify(value));
});

test('schema and engine refuse the same files', () => {
  for (const value of [
    { prot: 1 },
    { port: 65_536 },
    { port: 1.5 },
    { shutdownTimeout: 'soon' },
    { journalBytes: 5 },
    { feed: [] },
    { logLevel: 'loud' },
    { markets: [] },
    { markets: [{ book: 20 }] },
    { markets: [{ match: '*', bok: 20 }] },
    { markets: [{ match: '*', book: 0 }] },
    { tokens: [{ role: 'king', secret: 'a' }] },
    [],
  ])
    assert.deepEqual(isTaken(value), [false, false], JSON.stringify(value));
});

test('every setting is described, with its default where that is the same everywhere', () => {
  const { properties } = jsonSchema() as { properties: Record<string, { description: string; default?: unknown }> };
  for (const { key, default: usual } of SETTINGS) {
    const { description, default: told } = properties[key];
    assert.match(description, /^[A-Z].*\. Default: .*\.$/s);
    if (told !== undefined) assert.deepEqual(told, usual);
  }
  assert.equal(properties['workers'].default, undefined);
  assert.doesNotMatch(JSON.stringify(properties), /\]\(|`/);
});
