// A thread that tells what the engine clock of its anchor says on it.

import { parentPort, workerData } from 'node:worker_threads';
import { type ClockAnchor, EngineClock } from '../../engine/base/clock.ts';

parentPort?.postMessage(new EngineClock(workerData as ClockAnchor).nowNs());
