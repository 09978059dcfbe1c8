// The drops panel: all that was left out, by reason, with what it is counted in, since the start and of late.

import type { DropFigures, System } from '../../schemas/feed.ts';
import { element, setText } from './element.ts';
import { engineHistory } from './engine-history.ts';
import { type FigureRow, FigureTable } from './figure-table.ts';
import { countText, spanText } from './format.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';

type Unit = keyof DropFigures;

/** What a reason means; others are the categories and limits of their own names. */
const REASONS: Readonly<Record<string, string>> = {
  'ring-full': 'input ring full',
  'output-full': 'output ring full',
  'cut-short': 'shard ended',
  poisoned: 'killed its shard',
  'slow-subscriber': 'slow subscriber',
  'socket-full': 'socket at its limit',
  'journal-full': 'journal ring full',
  unwritten: 'journal not writable',
  late: 'too late for its bar',
  rateClosed: 'over its rate',
  pingsClosed: 'too many pings',
  silentClosed: 'silent',
  producersCut: 'cut at a full ring',
  requestsClosed: 'too many requests',
  slowClosed: 'read too slowly',
  neverAsked: 'never asked',
  unauthorized: 'wrong or no token',
  origin: 'another origin',
  host: 'another host',
};
const UNITS: readonly Unit[] = ['frames', 'records', 'messages', 'entries', 'trades', 'connections'];
/** Told even while they are zero: whoever looks here asks for these. */
const ALWAYS = new Set(['ring-full', 'output-full', 'slow-subscriber']);

export const dropsPanel: Panel = {
  id: 'drops',
  title: 'Left out, by reason',
  place: 'engine',
  rhythm: 'clocked',
  periodMs: 1_000,
  mount: (body, context) => new DropsPanel(body, context),
};

/** `frames` are rejected where their category is no reason of ours. */
function reasonText(unit: Unit, reason: string): string {
  const known = REASONS[reason];
  if (known !== undefined) return known;
  return unit === 'frames' ? `rejected: ${reason}` : reason;
}

class DropsPanel implements MountedPanel {
  private readonly table = new FigureTable(
    'What was left out, by reason',
    ['Reason', 'Of', 'Last minute', 'Since start'],
    2,
  );
  private readonly summary = element('p', { class: 'words' });

  constructor(body: HTMLElement, context: PanelContext) {
    body.append(this.table.host, this.summary);
    context.follow('system', {}, () => undefined);
  }

  update(): void {
    const { systems, lastSystem } = engineHistory;
    if (lastSystem === null) return;
    const [first] = systems;
    const rows = UNITS.flatMap((unit) => this.rowsOf(unit, lastSystem, first));
    this.table.show(rows);
    const total = UNITS.flatMap((unit) => Object.values(lastSystem.drops[unit])).reduce((sum, count) => sum + count, 0);
    const up = spanText(lastSystem.process.uptimeSeconds * 1_000);
    const known = Math.round((Date.parse(lastSystem.timestamp) - Date.parse(first.timestamp)) / 1_000);
    const shown = known < 60 ? ` The last minute is what this page has heard: ${known} s.` : '';
    setText(this.summary, `${total === 0 ? `✓ Nothing was left out in ${up}.` : `In ${up}.`}${shown}`);
  }

  private rowsOf(unit: Unit, now: System, first: System): FigureRow[] {
    const before = first.drops[unit];
    const reasons = Object.entries(now.drops[unit]).filter(([reason, count]) => count > 0 || ALWAYS.has(reason));
    return reasons.map(([reason, count]) => {
      const recent = count - (before[reason] ?? 0);
      const cells = [reasonText(unit, reason), unit, recent === 0 ? '0' : `▲ ${countText(recent)}`, countText(count)];
      return { key: `${unit}-${reason}`, cells, look: recent > 0 ? 'bad' : '' };
    });
  }

  close(): void {}
}
