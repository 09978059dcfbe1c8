// The panels of the page, in the order in which they are read.

import { candlesPanel } from './candles-panel.ts';
import { depthPanel } from './depth-panel.ts';
import { dropsPanel } from './drops-panel.ts';
import { healthPanel } from './health-panel.ts';
import { heatPanel } from './heat-panel.ts';
import { ladderPanel } from './ladder-panel.ts';
import { latencyPanel } from './latency-panel.ts';
import { marketsPanel } from './markets-panel.ts';
import { memoryPanel } from './memory-panel.ts';
import type { Panel } from './panel.ts';
import { processorPanel } from './processor-panel.ts';
import { queuesPanel } from './queues-panel.ts';
import { stagesPanel } from './stages-panel.ts';
import { tapePanel } from './tape-panel.ts';
import { throughputPanel } from './throughput-panel.ts';

export const PANELS: readonly Panel[] = [
  ...[marketsPanel, candlesPanel, ladderPanel, depthPanel, tapePanel],
  ...[healthPanel, throughputPanel, queuesPanel, dropsPanel, latencyPanel, stagesPanel],
  ...[heatPanel, processorPanel, memoryPanel],
];
