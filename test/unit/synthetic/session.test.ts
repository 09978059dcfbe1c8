// Owns the tests of seeded sessions: golden files are what the seeds give, and the referee ends with the session's truth.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  buildNamedSession,
  NAMED_SESSIONS,
  sessionName,
  sessionText,
} from '../../../engine/synthetic/named-sessions.ts';
import { buildSession } from '../../../engine/synthetic/session.ts';
import { formatDecimal, parseDecimal } from '../../support/reference/decimal.ts';
import { referenceReplay } from '../../support/reference/replay.ts';

const GOLDEN_BYTES_MAX = 150_000;
const goldenFile = (name: string): string => fileURLToPath(new URL(`../../golden/${name}.ndjson`, import.meta.url));

type Line = { k: string; t: number; c?: number; u?: string; d?: string };

for (const options of NAMED_SESSIONS) {
  const name = sessionName(options);
  describe(`session ${name}`, () => {
    const session = buildNamedSession(name);
    const lines: Line[] = session.lines.map((line) => JSON.parse(line));

    it('is what its golden file holds, and small', () => {
      const text = sessionText(session);
      assert.equal(readFileSync(goldenFile(name), 'utf8'), text, 'run: npx tsx scripts/golden-update.ts');
      assert.ok(text.length < GOLDEN_BYTES_MAX, `${text.length} bytes`);
    });

    it('is the same on every run, and another for another seed', () => {
      assert.deepEqual(buildSession(options).lines, session.lines);
      assert.notDeepEqual(buildSession({ ...options, seed: 99 }).lines, session.lines);
    });

    it('has lines in order of time, each frame a JSON document', () => {
      assert.equal(lines[0].k, 'open');
      lines.forEach((line, index) => {
        assert.ok(index === 0 || line.t >= lines[index - 1].t);
        assert.equal(line.c === undefined, options.connections === 1);
        if (line.k !== 'open') assert.equal(typeof JSON.parse(line.d ?? ''), 'object');
      });
    });

    it('crosses the end of a minute', () => {
      const minutes = new Set(lines.map((line) => Math.floor(line.t / 60_000_000)));
      assert.equal(minutes.size, 2);
    });

    it('leads the referee to its own truth: books, trades, volume, no gap and no bad checksum', () => {
      const result = referenceReplay([goldenFile(name)], { venue: options.dialect, depth: 0, bars: ['1m'] });
      assert.deepEqual(result.rejected, {});
      assert.equal(result.unknown, 0);
      assert.deepEqual(Object.keys(result.markets).sort(), session.truth.map(({ market }) => market).sort());
      for (const truth of session.truth) {
        const market = result.markets[truth.market];
        assert.deepEqual([market.state, market.gaps, market.resyncs, market.checksums.bad], ['live', 0, 0, 0]);
        assert.deepEqual(market.bids, truth.bids);
        assert.deepEqual(market.asks, truth.asks);
        assert.equal(market.trades, truth.trades);
        const volume = market.bars['1m'].reduce((sum, bar) => sum + parseDecimal(bar.volume), 0n);
        assert.equal(formatDecimal(volume), truth.volume);
        if (truth.venueSequence !== null) assert.equal(market.venueSequence, truth.venueSequence);
        if (options.dialect === 'kraken') assert.ok(market.checksums.ok > 20);
      }
    });
  });
}
