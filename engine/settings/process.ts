// Settings of the process: its threads, its end and its log.

import { availableParallelism } from 'node:os';
import { SHUTDOWN_TIMEOUT_MS } from '../../schemas/config.ts';
import { choice, duration, whole } from './kinds.ts';
import { setting } from './setting.ts';

const DAY_MS = 86_400_000;

export const PROCESS_SETTINGS = {
  workers: setting(whole(1, 64), Math.max(1, availableParallelism() - 1), {
    group: 'process',
    meaning: 'shard threads, over which the markets are spread',
    when: 'Lower it where the machine does other work; the main and the ingress thread need room beside them. More than cores makes waits longer.',
    usual: 'cores − 1, at least 1',
  }),
  shutdownTimeout: setting(duration(0, DAY_MS), SHUTDOWN_TIMEOUT_MS, {
    group: 'process',
    meaning: 'time to drain at the end, before it is forced',
    when: 'Keep it under what the supervisor gives (`TimeoutStopSec` of systemd, `stop_grace_period` of compose).',
  }),
  logLevel: setting(choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'level'), 'info', {
    group: 'process',
    meaning: 'least level of log lines: trace, debug, info, warn, error, fatal or silent',
    when: '`debug` to look into a fault, `warn` where logs cost money.',
  }),
};
