// The trade tape: the newest trades first, side by arrow and word, outliers named.

import type { Trade } from '../../schemas/feed.ts';
import { element, setClass, setText } from './element.ts';
import { clockText, grouped, mostDecimals, padded } from './format.ts';
import type { MountedPanel, Panel, PanelContext } from './panel.ts';

const TRADES = 60;
const PERIOD_MS = 1_000;
const SIGNS = { buy: '▲ buy', sell: '▼ sell', unknown: '– unknown' } as const;
const LOOKS = { buy: 'up', sell: 'down', unknown: 'soft' } as const;

type Told = Omit<Trade, 'channel' | 'seq' | 'prevSeq'>;

/**
 * Read by HTTP each second, not followed: trades are told one by one, so a busy market would cost the engine a message
 * for each; the newest sixty of a second are all that an eye can take.
 */
class Tape implements MountedPanel {
  private readonly rows = element('tbody');
  private readonly caption = element('caption', { class: 'quiet' });
  private trades: readonly Told[] = [];

  constructor(body: HTMLElement, context: PanelContext) {
    const names = ['Time', 'Price', 'Amount', 'Side'].map((name) => element('th', { scope: 'col' }, name));
    this.caption.textContent = `Trades of ${context.market}, the newest first`;
    const { caption } = this;
    const table = element(
      'table',
      { class: 'tape' },
      caption,
      element('thead', {}, element('tr', {}, ...names)),
      this.rows,
    );
    body.append(element('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Trades' }, table));
    if (context.market === '') return;
    const path = `/v1/trades/${encodeURIComponent(context.market)}?limit=${TRADES}`;
    context.load(async (read) => {
      this.trades = (await read<Told[]>(path)).reverse();
    }, PERIOD_MS);
  }

  update(): void {
    const { trades, rows } = this;
    while (rows.rows.length > trades.length) rows.deleteRow(-1);
    while (rows.rows.length < trades.length) rows.append(element('tr', {}, ...[0, 1, 2, 3].map(() => element('td'))));
    if (trades.length === 0) setText(this.caption, 'No trades yet.');
    setClass(this.caption, trades.length === 0 ? 'empty' : 'quiet');
    const prices = mostDecimals(trades.map(({ price }) => price));
    const amounts = mostDecimals(trades.map(({ amount }) => amount));
    trades.forEach((trade, index) => {
      const { cells } = rows.rows[index];
      const look = LOOKS[trade.side];
      setText(cells[0], clockText(trade.timestamp ?? trade.localTimestamp, true));
      setText(cells[1], grouped(padded(trade.price, prices)));
      setClass(cells[1], look);
      setText(cells[2], grouped(padded(trade.amount, amounts)));
      setText(cells[3], `${SIGNS[trade.side]}${trade.isOutlier ? ' · outlier' : ''}`);
      setClass(cells[3], look);
      setClass(rows.rows[index], trade.isOutlier ? 'outlier' : '');
    });
  }

  close(): void {
    this.trades = [];
  }
}

export const tapePanel: Panel = {
  id: 'tape',
  title: 'Trades',
  place: 'market',
  rhythm: 'clocked',
  periodMs: PERIOD_MS,
  mount: (body, context) => new Tape(body, context),
};
