// Which load tests the reference results consist of, and what each is to come to.

import type { LoadReport } from '../../engine/report/load-report.ts';
import { bytesText, countText, durationText } from '../../engine/report/quantity.ts';

/** A promise on one figure of a report; null where the figure was not had. */
export type LoadAim = {
  readonly work: string;
  /** At most this, in the figure's unit. */
  readonly most: number;
  readonly read: (report: LoadReport) => number | null;
  readonly tell: (value: number | null) => string;
};

export type LoadTest = {
  /** Name of the folder of its report. */
  readonly key: string;
  readonly title: string;
  readonly parameters: readonly string[];
  /** The same test in seconds, which proves that it runs and measures nothing. */
  readonly quick: readonly string[];
  readonly aims: readonly LoadAim[];
};

const MB = 1e6;
const MS = 1e6;

const lost: LoadAim = { work: 'updates lost', most: 0, read: ({ counts }) => counts.lost, tell: countText };

const p99 = (mostMs: number): LoadAim => ({
  work: 'end to end, p99',
  most: mostMs * MS,
  read: ({ stages }) => stages['end-to-end'].p99,
  tell: durationText,
});

const growth = (mostMb: number): LoadAim => ({
  work: 'resident memory growth after warm-up',
  most: mostMb * MB,
  read: (report) => report.process.rssGrowth,
  tell: bytesText,
});

/** Main's pauses delay publishing alone; a shard's are not told while it runs. */
const pauses: LoadAim = {
  work: 'longest collection pause of the ingress thread',
  most: 5 * MS,
  read: ({ process }) => {
    const others = process.gcPauses.filter(({ thread }) => thread !== 'main');
    return others.length === 0 ? null : Math.max(...others.map(({ maxMs }) => maxMs * MS));
  },
  tell: durationText,
};

const FAST = ['--rate', '100000', '--markets', '200'];
const QUICK = ['--markets', '20', '--duration', '2s', '--warmup', '1s'];
const QUICK_FAST = ['--rate', '5000', ...QUICK];

export const LOAD_TESTS: readonly LoadTest[] = [
  {
    key: 'required',
    title: '1,000 updates a second',
    parameters: ['--rate', '1000', '--duration', '60s'],
    quick: ['--rate', '500', ...QUICK],
    aims: [p99(50), lost, growth(100)],
  },
  {
    key: 'hundred-thousand',
    title: '100,000 updates a second over 200 markets',
    parameters: [...FAST, '--duration', '60s'],
    quick: QUICK_FAST,
    aims: [p99(5), lost],
  },
  {
    key: 'highest',
    title: 'the highest rate with p99 under 5 ms and nothing lost',
    parameters: ['--max', '--markets', '200', '--rate', '100000', '--duration', '10s'],
    quick: ['--max', '--max-p99', '1s', ...QUICK, '--rate', '1000'],
    aims: [],
  },
  {
    key: 'ten-minutes',
    title: '10 minutes at 100,000 updates a second over 200 markets',
    parameters: [...FAST, '--duration', '10m', '--warmup', '60s'],
    quick: QUICK_FAST,
    aims: [growth(10), pauses, p99(5), lost],
  },
];

/** The greatest rate that was sustained; null where none was, or none was looked for. */
export function highestRate({ search }: LoadReport): number | null {
  const sustained = (search ?? []).filter(({ isSustained }) => isSustained).map(({ achievedRate }) => achievedRate);
  return sustained.length === 0 ? null : Math.max(...sustained);
}
