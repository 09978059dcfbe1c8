// `millrace simulate VENUE`: a local venue that speaks the venue's protocol, with faults and a truth log.

import type { Dialect } from '../../schemas/ids.ts';
import { UsageError } from '../base/errors.ts';
import { recordedLines } from '../ingress/recording.ts';
import { type FaultPlan, parseFaultPlan } from '../simulate/fault-plan.ts';
import { Recording } from '../simulate/recording.ts';
import { readTls, type Simulator, type SimulatorStats, startSimulator } from '../simulate/simulator.ts';
import { SIMULATORS } from '../simulate/simulators.ts';

export type SimulateFlags = {
  readonly host: string;
  readonly port: string;
  readonly markets: string;
  readonly rate: string;
  readonly seed: string;
  readonly levels: string;
  readonly faults?: string;
  readonly limitsScale: string;
  readonly truth?: string;
  readonly recording?: string;
  readonly speed: string;
  readonly tlsKey?: string;
  readonly tlsCert?: string;
};

const STATUS_MS_TERMINAL = 1_000;
const STATUS_MS_PIPED = 5_000;
/** Markets named in the example. */
const EXAMPLE_MARKETS = 2;

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new UsageError(`${flag}: expected a whole number from ${least} to ${most}, was ${JSON.stringify(text)}`);
  }
  return value;
}

function factor(flag: string, text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= 1e6)) {
    throw new UsageError(`${flag}: expected a number above 0 and up to 1000000, was ${JSON.stringify(text)}`);
  }
  return value;
}

function venueOf(name: string): Dialect {
  if (Object.hasOwn(SIMULATORS, name)) return name as Dialect;
  const known = Object.keys(SIMULATORS).join(', ');
  throw new UsageError(`simulate: expected a venue that can be simulated (${known}), was ${JSON.stringify(name)}`);
}

/** The seed of the command is the plan's too, unless it has its own. */
function faultsOf(text: string | undefined, seed: number): FaultPlan | null {
  if (text === undefined) return null;
  const plan = parseFaultPlan(text);
  return /(^|,)\s*seed=/.test(text) ? plan : { ...plan, seed };
}

function tlsOf({ tlsKey, tlsCert }: SimulateFlags): { readonly key: string; readonly cert: string } | null {
  if (tlsKey === undefined && tlsCert === undefined) return null;
  if (tlsKey === undefined || tlsCert === undefined) {
    throw new UsageError(
      `--tls-key, --tls-cert: expected both, was ${tlsKey === undefined ? 'no key' : 'no certificate'}`,
    );
  }
  return readTls(tlsKey, tlsCert);
}

async function recordingOf(venue: Dialect, path: string | undefined): Promise<Recording | null> {
  if (path === undefined) return null;
  const simulated = SIMULATORS[venue]?.();
  return Recording.read(recordedLines(path), (address) => simulated?.isStreamPath(address) ?? true);
}

async function openSimulator(name: string, flags: SimulateFlags): Promise<Simulator> {
  const venue = venueOf(name);
  const seed = wholeNumber('--seed', flags.seed, 0, 0xffffffff);
  return startSimulator({
    venue,
    host: flags.host,
    port: wholeNumber('--port', flags.port, 0, 65_535),
    markets: wholeNumber('--markets', flags.markets, 1, 10_000),
    rate: wholeNumber('--rate', flags.rate, 0, 100_000),
    levels: wholeNumber('--levels', flags.levels, 12, 5_000),
    limitsScale: factor('--limits-scale', flags.limitsScale),
    speed: factor('--speed', flags.speed),
    faults: faultsOf(flags.faults, seed),
    tls: tlsOf(flags),
    truthFile: flags.truth ?? null,
    recording: await recordingOf(venue, flags.recording),
    seed,
  });
}

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

function statusText(stats: SimulatorStats): string {
  const { sockets, frames, changes, trades, violations, faultsTotal } = stats;
  return `sockets ${sockets.open}  changes ${changes}  trades ${trades}  frames ${frames.data}  messages ${frames.messages}  faults ${faultsTotal}  violations ${sum(violations)}`;
}

function showStatus(simulator: Simulator): NodeJS.Timeout {
  const { stderr } = process;
  const show = (): void => {
    const text = statusText(simulator.stats());
    stderr.write(stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
  };
  return setInterval(show, stderr.isTTY ? STATUS_MS_TERMINAL : STATUS_MS_PIPED);
}

function printWelcome(name: string, simulator: Simulator): void {
  const { url, symbols } = simulator;
  const http = url.replace(/^ws/, 'http');
  const feed = `${name}:${symbols.slice(0, EXAMPLE_MARKETS).join(',')}`;
  process.stderr.write(
    `millrace: ${name} with ${symbols.length} markets on ${url}, REST and /sim/stats on ${http}\n` +
      `millrace: try  millrace start --feed ${feed} --venue-url ${name}=${url}\n`,
  );
}

/** Runs until a signal; the last line on stdout is a JSON summary. */
export async function simulate(name: string, flags: SimulateFlags): Promise<number> {
  const simulator = await openSimulator(name, flags);
  const startMs = performance.now();
  // Heard before anyone can know from the welcome that it runs.
  const signalled = new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  printWelcome(name, simulator);
  const status = showStatus(simulator);
  await signalled;
  clearInterval(status);
  if (process.stderr.isTTY) process.stderr.write('\n');
  const { open, halfOpen } = simulator.stats().sockets;
  await simulator.stop();
  const { paused: _paused, violationLog: _log, ...stats } = simulator.stats();
  const summary = {
    ...stats,
    connections_closed: open + halfOpen,
    duration_seconds: (performance.now() - startMs) / 1_000,
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return 0;
}
