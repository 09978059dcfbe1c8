// What does recording one latency cost, beside HdrHistogram's JavaScript and WebAssembly and Node's own histogram?
//
// All have three significant digits. Afterwards their percentiles must agree to that.

import { createHistogram } from 'node:perf_hooks';
import { build, type Histogram, initWebAssembly } from 'hdr-histogram-js';
import { LATENCY_BYTES, LatencyRecorder } from '../../engine/observe/latency.ts';
import { mergeRecorders, summarize } from '../../engine/observe/latency-counts.ts';
import { seededRandom } from '../../engine/synthetic/random.ts';
import { check, type Results, type Size } from '../harness.ts';
import { bench, type Way } from '../support/turns.ts';

const SEED = 20_260_104;
/** Values spread as latencies do: most near 50 µs, a tail of milliseconds. */
const MEAN_NS = 50_000;
const VALUE_MAX = 60_000_000_000;
const PERCENTILES = [50, 99, 99.9] as const;
/** Three digits, and the bucket's lower or upper end. */
const TOLERANCE = 2e-3;

type Percentiles = (percentile: number) => number;

function hdr(useWebAssembly: boolean): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: VALUE_MAX,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 64,
    useWebAssembly,
  });
}

function ownPercentiles(recorder: LatencyRecorder): Percentiles {
  const { p50, p99, p999 } = summarize(mergeRecorders([recorder]));
  const known = new Map<number, number | null>([
    [50, p50],
    [99, p99],
    [99.9, p999],
  ]);
  return (percentile) => known.get(percentile) ?? Number.NaN;
}

function compare(name: string, was: Percentiles, exact: Percentiles): void {
  for (const percentile of PERCENTILES) {
    const wanted = exact(percentile);
    const isNear = Math.abs(was(percentile) - wanted) <= wanted * TOLERANCE;
    check(isNear, `${name}: expected p${percentile} near ${wanted}, was ${was(percentile)}`);
  }
}

export async function histogram(results: Results, size: Size): Promise<void> {
  await initWebAssembly();
  const random = seededRandom(SEED, 'latencies');
  const values = Float64Array.from({ length: size === 'full' ? 100_000 : 20_000 }, () =>
    Math.ceil(random.exponential(MEAN_NS) * (random.chance(0.01) ? 50 : 1)),
  );
  // Counts of values are such that each percentile is a whole number of them.
  const sorted = values.toSorted();
  const exact: Percentiles = (percentile) => sorted[Math.round((percentile * sorted.length) / 100) - 1];
  const own = new LatencyRecorder(new SharedArrayBuffer(LATENCY_BYTES));
  const script = hdr(false);
  const wasm = hdr(true);
  const node = createHistogram({ lowest: 1, highest: VALUE_MAX, figures: 3 });
  const way = (name: string, record: (value: number) => void): Way => ({
    name,
    run: () => {
      for (let i = 0; i < values.length; i++) record(values[i]);
    },
  });
  const ways: readonly [Way, ...Way[]] = [
    way('LatencyRecorder', (value) => own.record(value, 1)),
    way('hdr-histogram-js', (value) => script.recordValue(value)),
    way('hdr-histogram-js, WebAssembly', (value) => wasm.recordValue(value)),
    way('node:perf_hooks', (value) => node.record(value)),
  ];
  bench(results, size, { name: 'record a latency', operation: 'value', operations: values.length, ways });
  compare('LatencyRecorder', ownPercentiles(own), exact);
  compare('hdr-histogram-js', (percentile) => script.getValueAtPercentile(percentile), exact);
  compare('hdr-histogram-js, WebAssembly', (percentile) => wasm.getValueAtPercentile(percentile), exact);
  compare('node:perf_hooks', (percentile) => node.percentile(percentile), exact);
  check(own.count % values.length === 0 && own.count > 0, 'LatencyRecorder: expected every value counted');
  wasm.destroy();
}
