// The theme: as the system has it, dark or light, on paper light; and its colours for canvases, which know no style sheets.

export const THEMES = ['system', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

export type Colours = {
  readonly card: string;
  readonly text: string;
  readonly soft: string;
  readonly line: string;
  readonly grid: string;
  readonly accent: string;
  readonly up: string;
  readonly down: string;
  readonly upBar: string;
  readonly downBar: string;
  readonly wait: string;
  readonly bad: string;
  readonly isDark: boolean;
};

const dark = matchMedia('(prefers-color-scheme: dark)');
const paper = matchMedia('print');

export class ThemeKeeper {
  private theme: Theme = 'system';
  private kept: Colours;
  private isPaper = paper.matches;
  private readonly changed: (isPaper: boolean) => void;

  constructor(changed: (isPaper: boolean) => void) {
    this.changed = changed;
    this.kept = this.apply();
    dark.addEventListener('change', () => this.set(this.theme));
    // The first two come before a browser lays out the paper; some tell the medium alone.
    addEventListener('beforeprint', () => this.print(true));
    addEventListener('afterprint', () => this.print(false));
    paper.addEventListener('change', () => this.print(paper.matches));
  }

  private print(isPaper: boolean): void {
    this.isPaper = isPaper;
    this.set(this.theme);
  }

  get colours(): Colours {
    return this.kept;
  }

  get chosen(): Theme {
    return this.theme;
  }

  set(theme: Theme): void {
    this.theme = theme;
    this.kept = this.apply();
    this.changed(this.isPaper);
  }

  private apply(): Colours {
    const isDarkScreen = this.theme === 'system' ? dark.matches : this.theme === 'dark';
    const isDark = isDarkScreen && !this.isPaper;
    document.documentElement.dataset['screen'] = isDarkScreen ? 'dark' : 'light';
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
    const style = getComputedStyle(document.documentElement);
    const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
    const plain = { card: of('card'), text: of('text'), soft: of('soft'), line: of('line'), grid: of('grid') };
    const bars = { upBar: of('up-bar'), downBar: of('down-bar') };
    const signs = { accent: of('accent'), up: of('up'), down: of('down'), wait: of('wait'), bad: of('bad') };
    return { ...plain, ...bars, ...signs, isDark };
  }
}
