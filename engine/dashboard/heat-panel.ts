// The heat maps: how the samples of each stage lie, five seconds or a minute to a column.

import { element } from './element.ts';
import { engineHistory, type HeatColumn, STAGES } from './engine-history.ts';
import { HEAT_STEPS } from './heat-colours.ts';
import { HeatMap, type HeatTimes } from './heat-map.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';
import { SPANS, spanSelect } from './time-span.ts';

const SPACING_S = { fine: 5, coarse: 60 } as const;
/** Fewer columns than this would be broad blocks; with more of them all become narrower. */
const COLUMNS_LEAST = 40;

function timesOf(columns: readonly HeatColumn[], spacingS: number): HeatTimes {
  const spanS = columns.length === 0 ? 0 : columns[columns.length - 1].at - columns[0].at;
  return { spacingS, columns: Math.max(COLUMNS_LEAST, Math.round(spanS / spacingS) + 1) };
}

export const heatPanel: Panel = {
  id: 'heat',
  title: 'Latency heat maps',
  place: 'engine',
  rhythm: 'clocked',
  periodMs: 5_000,
  isWide: true,
  mount: (body, context) => new HeatPanel(body, context),
};

class HeatPanel implements MountedPanel {
  private readonly maps: readonly HeatMap[];
  private readonly span: HTMLSelectElement;
  private readonly context: PanelContext;

  constructor(body: HTMLElement, context: PanelContext) {
    this.context = context;
    this.span = spanSelect(context);
    this.maps = STAGES.map((stage) => new HeatMap(stage, () => context.redraw()));
    body.append(element('div', { class: 'heats' }, ...this.maps.map(({ host }) => host)), legend());
    context.follow('latency', {}, () => undefined);
  }

  update(): void {
    const { rows } = SPANS[this.span.value];
    const colours = this.context.colours();
    const columns = engineHistory.heat[rows];
    const times = timesOf(columns, SPACING_S[rows]);
    for (const map of this.maps) map.draw(columns, times, colours);
  }

  close(): void {}
}

/** Its colours come from the style sheet, which knows the theme. */
function legend(): HTMLElement {
  const steps = Array.from({ length: HEAT_STEPS }, (_, step) => element('span', { class: `heat-step-${step}` }));
  const ramp = element('span', { class: 'ramp', 'aria-hidden': 'true' }, ...steps);
  const words = "Share of a column's samples:";
  return element('p', { class: 'words heat-legend' }, words, ' one of ten thousand ', ramp, ' all');
}
