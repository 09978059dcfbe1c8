// The same settings by flag, variable, JSON and YAML are the same settings; and which of them wins.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { unknownVariables } from '../../../engine/settings/environment.ts';
import { flagOption } from '../../../engine/settings/flags.ts';
import { loadSettings } from '../../../engine/settings/load.ts';
import { hintOf } from '../../../engine/settings/names.ts';
import { SETTINGS, type Setting, type Settings } from '../../../engine/settings/schema.ts';
import { withoutSecrets } from '../../../engine/settings/shown.ts';
import '../../support/seed.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-sources-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(name: string, text: string): { readonly config: string } {
  const config = join(folder, name);
  writeFileSync(config, text);
  return { config };
}

/** Texts that people and shells write, without the comma that parts lists in variables. */
const text = fc
  .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
  .filter((made) => !/[,\0]/.test(made) && made.trim() === made);
const spans = (units: readonly string[], least: number) =>
  fc.tuple(fc.integer({ min: least, max: 9 }), fc.constantFrom(...units)).map(([count, unit]) => `${count}${unit}`);

/** What fits in every setting of a kind. Lists of some settings are checked further. */
const BY_KEY: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  feed: fc.subarray(['synthetic', 'none', 'kraken:BTC/USD', 'binance:BTCUSDT'], { minLength: 1 }),
  bars: fc.subarray(['1s', '5m', '100t', '0.5v'], { minLength: 1 }),
  signals: fc.subarray(['imbalance', 'macd(12,26,9)@5m', 'rsi(14)@1m>70'], { minLength: 1 }),
  markets: fc.array(
    fc.record(
      { match: text, book: fc.constantFrom('full', 'none', 7), lateness: spans(['s', 'm'], 0) },
      { requiredKeys: ['match'] },
    ),
    { minLength: 1, maxLength: 3 },
  ),
  tokens: fc.array(fc.record({ role: fc.constantFrom('ingest', 'read'), secret: text }), {
    minLength: 1,
    maxLength: 2,
  }),
  journalBytes: spans(['GiB', 'TiB', 'GB'], 1),
};

function arbitraryOf({ key, form }: Setting): fc.Arbitrary<unknown> {
  if (key in BY_KEY) return BY_KEY[key];
  const { minimum, maximum } = form.json as { minimum?: number; maximum?: number };
  switch (form.name) {
    case 'whole':
      return fc.integer({ min: minimum ?? 0, max: maximum ?? 9 });
    case 'duration':
      return spans(['s', 'm'], 1);
    case 'size':
      return spans(['B', 'KiB', 'MB'], 0);
    case 'choice':
      return fc.constantFrom(...(form.json['enum'] as string[]));
    case 'switch':
      return fc.constant(true);
    case 'list':
      return fc.array(text, { minLength: 1, maxLength: 3 });
    default:
      return text;
  }
}

const some = fc.record(Object.fromEntries(SETTINGS.map((setting) => [setting.key, arbitraryOf(setting)])), {
  requiredKeys: [],
}) as fc.Arbitrary<Record<string, unknown>>;

const given = (values: Record<string, unknown>): (readonly [Setting, unknown])[] =>
  SETTINGS.filter(({ key }) => key in values).map((setting) => [setting, values[setting.key]]);

function asVariables(values: Record<string, unknown>): NodeJS.ProcessEnv {
  return Object.fromEntries(
    given(values).map(([{ variable, form }, value]) => [
      variable,
      form.name === 'structure' ? JSON.stringify(value) : Array.isArray(value) ? value.join(',') : String(value),
    ]),
  );
}

/** As the parser of the command line gives them: texts, one after the other. */
function asFlags(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    given(values).map(([setting, value]) => {
      const { read } = flagOption(setting);
      if (setting.form.name === 'structure' || setting.form.name === 'switch') return [setting.key, value];
      if (read === null) return [setting.key, String(value)];
      const texts = setting.key === 'signals' ? [(value as string[]).join(',')] : (value as string[]);
      return [setting.key, texts.reduce<string[] | undefined>((before, one) => read(one, before), undefined)];
    }),
  );
}

test('settings by flag, variable, JSON and YAML come out equal', () => {
  fc.assert(
    fc.property(some, (values) => {
      const expected = loadSettings(fileOf('any.json', JSON.stringify(values)), {});
      assert.deepEqual(loadSettings(fileOf('any.yaml', stringify(values)), {}), expected);
      assert.deepEqual(loadSettings({}, asVariables(values)), expected);
      assert.deepEqual(loadSettings(asFlags(values), {}), expected);
    }),
    { numRuns: 30 },
  );
});

test('what is printed, as JSON or YAML, is a file that gives the same settings', () => {
  const isSecret = new Set<string>(SETTINGS.filter(({ hide }) => hide !== undefined).map(({ key }) => key));
  fc.assert(
    fc.property(some, (made) => {
      const values = Object.fromEntries(Object.entries(made).filter(([key]) => !isSecret.has(key)));
      const expected = loadSettings(fileOf('first.json', JSON.stringify(values)), {});
      const shown = withoutSecrets(expected);
      assert.deepEqual(loadSettings(fileOf('again.json', JSON.stringify(shown)), {}), expected);
      assert.deepEqual(loadSettings(fileOf('again.yaml', stringify(shown)), {}), expected);
    }),
    { numRuns: 15 },
  );
});

test('of every way a setting is given by, the flag wins, then the variable, then the file, then the default', () => {
  const ways = [8, 4, 2, 1] as const;
  for (let which = 0; which < 16; which++) {
    const [byFlag, byVariable, byFile] = ways.map((bit) => (which & bit) !== 0);
    const expected = byFlag ? 11 : byVariable ? 12 : byFile ? 13 : 100;
    const { config } = fileOf('wins.yaml', byFile ? 'requestsPerSecond: 13\n' : '');
    const flags = { config, ...(byFlag ? { requestsPerSecond: '11' } : {}) };
    const found: Settings = loadSettings(flags, byVariable ? { MILLRACE_REQUESTS_PER_SECOND: '12' } : {});
    assert.equal(found.requestsPerSecond, expected);
  }
});

test('a list of one source is not joined to that of another', () => {
  const config = fileOf('list.yaml', 'origin: [https://a.example]').config;
  assert.deepEqual(loadSettings({ config }, { MILLRACE_ORIGIN: 'https://b.example' }).origin, ['https://b.example']);
});

test('variables that are no settings are told with the nearest name, and never with their value', () => {
  const environment = {
    MILLRACE_PROT: 'hush',
    MILLRACE_ZZZ: 'hush',
    MILLRACE_PORT: '1',
    MILLRACE_CONFIG: 'a',
    PATH: 'b',
  };
  assert.deepEqual(unknownVariables(environment), [
    'MILLRACE_PROT: no such setting, it does nothing (did you mean MILLRACE_PORT?)',
    'MILLRACE_ZZZ: no such setting, it does nothing',
  ]);
});

test('the nearest name is one that could have been meant, or none', () => {
  const known = ['port', 'ingestPort', 'host', 'staleAfter'];
  assert.equal(hintOf('ingest_port', known), ' (did you mean ingestPort?)');
  assert.equal(hintOf('stale-afer', known), ' (did you mean staleAfter?)');
  assert.equal(hintOf('p', known), '');
  assert.equal(hintOf('x'.repeat(100_000), known), '');
});
