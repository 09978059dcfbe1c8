// What the reader chose, in the address behind `#`: market, kind of bars, theme. Nothing secret ever stands there.

import { THEMES, type Theme } from './theme.ts';

export type Choice = { readonly market: string; readonly barKind: string; readonly theme: Theme };

const NOTHING: Choice = { market: '', barKind: '', theme: 'system' };
/** Longer ones are no market's name. */
const TEXT_MAX = 200;

/** What an address says; what is missing or wrong is as if nothing had been chosen. */
export function choiceOf(hash: string): Choice {
  const params = new URLSearchParams(hash.replace(/^#/, ''));
  const text = (name: string): string => {
    const value = params.get(name) ?? '';
    return value.length > TEXT_MAX ? '' : value;
  };
  const theme = THEMES.find((name) => name === params.get('theme')) ?? NOTHING.theme;
  return { market: text('market'), barKind: text('bars'), theme };
}

export function hashOf({ market, barKind, theme }: Choice): string {
  const params = new URLSearchParams();
  if (market !== '') params.set('market', market);
  if (barKind !== '') params.set('bars', barKind);
  if (theme !== 'system') params.set('theme', theme);
  const text = params.toString();
  return text === '' ? '' : `#${text}`;
}

/** Keeps the choice in the address and tells of every change, whoever made it. */
export class ChoiceKeeper {
  private held: Choice;
  private readonly changed: (now: Choice, before: Choice) => void;

  constructor(changed: (now: Choice, before: Choice) => void) {
    this.changed = changed;
    this.held = choiceOf(location.hash);
    addEventListener('hashchange', () => this.read());
  }

  get now(): Choice {
    return this.held;
  }

  /** Takes the address as it is now; its event comes later than the change. */
  private read(): void {
    if (/=|^#?$/.test(location.hash)) this.take(choiceOf(location.hash));
  }

  /** A market where none is chosen. */
  offer(market: string): void {
    this.read();
    if (this.held.market === '') this.set({ market });
  }

  /** Replaces the entry of the browser's history: going back leaves the page, not the last market. */
  set(part: Partial<Choice>): void {
    this.read();
    const next = { ...this.held, ...part };
    history.replaceState(null, '', hashOf(next) === '' ? location.pathname : hashOf(next));
    this.take(next);
  }

  private take(next: Choice): void {
    const before = this.held;
    if (hashOf(before) === hashOf(next)) return;
    this.held = next;
    this.changed(next, before);
  }
}
