// The list of all torture scenarios; their files are loaded by the child process that runs them.

import type { ScenarioEntry } from './scenario.ts';

/** A multiple of what they take: a busy machine is no failure, a scenario that hangs is. */
/** Scenarios of whole engines that are started, killed and waited for. */
const PATIENT = { tiny: 150, small: 400, full: 900 } as const;
const QUICK = { tiny: 300, small: 900, full: 2_400 } as const;

export const SCENARIOS: readonly ScenarioEntry[] = [
  { id: 'T01', title: 'Gaps', file: 't01-gaps.ts', budgetS: QUICK },
  { id: 'T02', title: 'Duplicates', file: 't02-duplicates.ts', budgetS: QUICK },
  { id: 'T03', title: 'Reordering', file: 't03-reorder.ts', budgetS: QUICK },
  { id: 'T06', title: 'Snapshot races', file: 't06-snapshot-races.ts', budgetS: QUICK },
  { id: 'T12', title: 'Flapping and backoff', file: 't12-backoff.ts', budgetS: QUICK },
  { id: 'T26', title: 'WebSocket conformity', file: 't26-conformity.ts', budgetS: QUICK },
  { id: 'T27', title: 'Broken frames', file: 't27-broken-frames.ts', budgetS: QUICK, nodeFlags: ['--expose-gc'] },
  { id: 'T28', title: 'Depth and size bombs', file: 't28-bombs.ts', budgetS: QUICK },
  { id: 'T30', title: 'Numbers', file: 't30-numbers.ts', budgetS: QUICK },
  { id: 'T31', title: 'Structure fuzz', file: 't31-structure-fuzz.ts', budgetS: QUICK },
  { id: 'T09', title: 'Resync storm', file: 't09-resync-storm.ts', budgetS: QUICK },
  { id: 'T10', title: 'Half-open and dead stream', file: 't10-half-open.ts', budgetS: QUICK },
  { id: 'T11', title: 'Cuts anywhere', file: 't11-cuts.ts', budgetS: QUICK },
  { id: 'T34', title: 'Clock skew and jumps', file: 't34-clocks.ts', budgetS: QUICK },
  { id: 'T15', title: 'Worker killed mid-message', file: 't15-worker-kills.ts', budgetS: PATIENT },
  { id: 'T16', title: 'Worker dies by itself', file: 't16-worker-deaths.ts', budgetS: PATIENT },
  { id: 'T17', title: 'Worker hangs', file: 't17-worker-hangs.ts', budgetS: PATIENT },
  { id: 'T18', title: 'Ring full', file: 't18-ring-full.ts', budgetS: PATIENT },
  { id: 'T19', title: 'Poison message', file: 't19-poison.ts', budgetS: PATIENT },
  { id: 'T20', title: 'Memory ordering', file: 't20-memory-ordering.ts', budgetS: QUICK },
  { id: 'T21', title: 'Slow subscribers', file: 't21-slow-subscribers.ts', budgetS: PATIENT },
  { id: 'T22', title: 'Subscription flood', file: 't22-subscription-flood.ts', budgetS: PATIENT },
  { id: 'T23', title: 'Connection flood', file: 't23-connection-flood.ts', budgetS: PATIENT },
  { id: 'T24', title: 'Slowloris', file: 't24-slowloris.ts', budgetS: PATIENT },
  { id: 'T25', title: 'Overload', file: 't25-overload.ts', budgetS: PATIENT },
  { id: 'T29', title: 'Prototype pollution', file: 't29-prototype-pollution.ts', budgetS: QUICK },
  { id: 'T32', title: 'Authorisation', file: 't32-authorisation.ts', budgetS: QUICK },
  { id: 'T35', title: 'Shutdown mid-burst', file: 't35-shutdown.ts', budgetS: PATIENT },
  { id: 'T36', title: 'Crash and restart with a journal', file: 't36-process-kills.ts', budgetS: PATIENT },
  { id: 'T37', title: 'Power loss', file: 't37-power-loss.ts', budgetS: QUICK },
  { id: 'T38', title: 'Journal damage', file: 't38-journal-damage.ts', budgetS: QUICK },
  { id: 'T39', title: 'Disk full, slow, failing', file: 't39-disk-faults.ts', budgetS: PATIENT },
  { id: 'T40', title: 'Soak', file: 't40-soak.ts', budgetS: PATIENT },
  { id: 'T41', title: 'Simulation by seed', file: 't41-simulation.ts', budgetS: QUICK },
].sort((a, b) => (a.id < b.id ? -1 : 1));
