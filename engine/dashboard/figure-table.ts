// A table of figures that are told again and again: rows are kept by their key, and only what changed is written.

import { element, setClass, setText } from './element.ts';

export type FigureRow = {
  readonly key: string;
  /** The first is the row's heading. */
  readonly cells: readonly string[];
  readonly look?: string;
};

export class FigureTable {
  readonly host: HTMLElement;
  private readonly body = element('tbody');
  private readonly empty: HTMLElement;
  private readonly table: HTMLTableElement;
  private readonly rows = new Map<string, HTMLTableRowElement>();
  private readonly columns: number;

  /** `caption` is for readers of the screen. */
  constructor(caption: string, heads: readonly string[], textColumns = 1) {
    this.columns = heads.length;
    const cells = heads.map((head) => element('th', { scope: 'col' }, head));
    const head = element('thead', {}, element('tr', {}, ...cells));
    this.table = element('table', { class: `figures texts-${textColumns}` });
    this.table.append(element('caption', { class: 'quiet' }, caption), head, this.body);
    this.empty = element('p', { class: 'empty', hidden: '' });
    this.host = element('div', { class: 'table-frame', tabindex: '0', role: 'region', 'aria-label': caption });
    this.host.append(this.table, this.empty);
    this.table.hidden = true;
  }

  show(rows: readonly FigureRow[]): void {
    const keys = new Set(rows.map(({ key }) => key));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    for (const [index, figures] of rows.entries()) this.place(this.rowOf(figures), figures, index);
    this.table.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
  }

  /** In place of rows: why there are none. */
  showEmpty(why: string): void {
    this.show([]);
    setText(this.empty, why);
  }

  private rowOf({ key }: FigureRow): HTMLTableRowElement {
    let row = this.rows.get(key);
    if (row === undefined) {
      row = element('tr', {}, element('th', { scope: 'row' }));
      for (let column = 1; column < this.columns; column++) row.append(element('td'));
      this.rows.set(key, row);
    }
    return row;
  }

  private place(row: HTMLTableRowElement, { cells, look = '' }: FigureRow, index: number): void {
    for (const [column, text] of cells.entries()) setText(row.cells[column], text);
    setClass(row, look);
    if (this.body.rows[index] !== row) this.body.insertBefore(row, this.body.rows[index] ?? null);
  }
}
