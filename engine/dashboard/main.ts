// The dashboard's entry: joins connection, choice, theme and panels on the page of template.html.

import { Board } from './board.ts';
import { ChoiceKeeper } from './choice.ts';
import { ConnectionLine } from './connection-line.ts';
import { byId, setText } from './element.ts';
import { engineHistory } from './engine-history.ts';
import { Headline } from './headline.ts';
import { bindKeys } from './keys.ts';
import { PANELS } from './panels.ts';
import { Pulse } from './pulse.ts';
import { StreamSource } from './stream-source.ts';
import { THEMES, ThemeKeeper } from './theme.ts';
import { TokenDialog } from './token-dialog.ts';

const announcer = byId('announcer');
const announce = (text: string): void => setText(announcer, text);

let board: Board | null = null;
const line = new ConnectionLine(announce);
const source = new StreamSource((state, why) => {
  line.show(state, why);
  if (state === 'refused') dialog.ask();
  if (state === 'live') board?.reconnected();
});
const dialog = new TokenDialog((token) => source.connect(token));
const theme = new ThemeKeeper((isPaper) => {
  if (isPaper) setText(byId('printed'), `As of ${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC`);
  board?.recoloured(isPaper);
});
const choice = new ChoiceKeeper((now, before) => {
  if (now.theme !== before.theme) theme.set(now.theme);
  showTheme();
  headline.show(now.market);
  board?.chosen(now, before);
});

function showTheme(): void {
  setText(byId('theme-button'), `Theme: ${choice.now.theme}`);
}

byId('theme-button').addEventListener('click', () => {
  const next = THEMES[(THEMES.indexOf(choice.now.theme) + 1) % THEMES.length];
  choice.set({ theme: next });
});

const headline = new Headline(source, announce, (market) => choice.offer(market));
theme.set(choice.now.theme);
showTheme();
headline.show(choice.now.market);
engineHistory.follow(source);
board = new Board(PANELS, {
  source,
  announce,
  choice: () => choice.now,
  colours: () => theme.colours,
  choose: (part) => choice.set(part),
});
new Pulse(byId('pulse'), source);
bindKeys(() => byId('theme-button').click());
source.connect(dialog.kept);
