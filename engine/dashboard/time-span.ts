// How far back a panel over time looks: what the page has kept since it was opened, fine or by minutes.

import { select } from './element.ts';
import type { PanelContext } from './panel.ts';

export const SPANS: Readonly<Record<string, { readonly text: string; readonly rows: 'fine' | 'coarse' }>> = {
  fine: { text: 'as it comes', rows: 'fine' },
  coarse: { text: 'by the minute', rows: 'coarse' },
};

/** In the panel's header; another choice draws the panel anew. */
export function spanSelect({ tools, redraw }: PanelContext, label = 'Time shown'): HTMLSelectElement {
  const made = select(
    label,
    Object.entries(SPANS).map(([value, { text }]) => [value, text] as const),
  );
  made.addEventListener('change', () => redraw());
  tools.append(made);
  return made;
}
