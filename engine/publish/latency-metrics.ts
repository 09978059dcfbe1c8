// Latency of each stage as Prometheus histograms, made of the engine's own counts at each scrape.

import type { Registry } from 'prom-client';
import { LATENCY_BOUNDS_S } from '../../schemas/metrics.ts';
import { STAGES } from '../observe/latency.ts';
import type { LatencyReport } from './latency-report.ts';
import { ReadHistogram } from './read-metrics.ts';

/** Adds the histogram; exact percentiles since the start are `/v1/latency`'s. */
export function addLatencyMetrics(registry: Registry, latency: LatencyReport): void {
  const naming = {
    name: 'millrace_stage_latency_seconds',
    help: 'Latency of each stage of a frame on its way, and of the whole way as stage engine.',
    labelNames: ['stage'],
    registers: [registry],
  };
  new ReadHistogram(naming, LATENCY_BOUNDS_S, () =>
    STAGES.map((stage) => ({ labels: { stage }, counts: latency.view(stage) })),
  );
}
