// Keys of the page, beside those each list and chart has; none of them works while something is typed.

import { byId, element } from './element.ts';

const SHOWN: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [['/'], 'Filter the markets'],
  [['↑', '↓', 'Home', 'End', 'Page ↑', 'Page ↓'], 'Move in the list of markets'],
  [['Enter'], 'Choose the market'],
  [['j', 'k'], 'Next and previous market'],
  [['1', '…', '9'], 'Go to a panel'],
  [['g'], 'Price step of the ladder'],
  [['t'], 'Theme: system, dark, light'],
  [['←', '→', '+', '−'], 'In the chart: move, zoom'],
  [['?'], 'These keys'],
];

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);

function goTo(number: number): void {
  const panel = document.querySelectorAll<HTMLElement>('.panel')[number - 1];
  panel?.scrollIntoView({ block: 'nearest' });
  panel?.focus({ preventScroll: true });
}

function showKeys(): void {
  (byId('keys-dialog') as HTMLDialogElement).showModal();
}

/** Clicks what a key stands for, so that keys and buttons do the same. */
function press(key: string, turnTheme: () => void): boolean {
  if (/^[1-9]$/.test(key)) goTo(Number(key));
  else if (key === '?') showKeys();
  else if (key === 't') turnTheme();
  else if (key === '/') document.querySelector<HTMLElement>('#markets-panel input')?.focus();
  else if (key === 'g') document.querySelector<HTMLElement>('#ladder-panel select')?.focus();
  else if (key === 'j' || key === 'k') {
    document.dispatchEvent(new CustomEvent('millrace-step', { detail: key === 'j' ? 1 : -1 }));
  } else return false;
  return true;
}

export function bindKeys(turnTheme: () => void): void {
  for (const [keys, meaning] of SHOWN) {
    const written = keys.flatMap((key) => [element('kbd', {}, key), ' ']);
    byId('keys-list').append(element('dt', {}, ...written), element('dd', {}, meaning));
  }
  byId('keys-button').addEventListener('click', showKeys);
  for (const link of document.querySelectorAll<HTMLAnchorElement>('nav a, #skip')) {
    link.addEventListener('click', (event) => {
      event.preventDefault();
      const id = link.dataset['section'] ?? 'candles-panel';
      byId(id).scrollIntoView();
      byId(id).focus({ preventScroll: true });
    });
  }
  document.addEventListener('keydown', (event) => {
    const isOurs = !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);
    if (isOurs && document.querySelector('dialog[open]') === null && press(event.key, turnTheme))
      event.preventDefault();
  });
}
