// The contract between the page and its panels: what a panel says of itself, what it is given, and what it gives back.

import type { MessageOf, SubscriptionOptions } from '../../schemas/feed.ts';
import type { Colours } from './theme.ts';

/** Where a panel stands. Those of `market` show the chosen market, and are mounted anew when another is chosen. */
export type PanelPlace = 'market' | 'engine';

/**
 * `clocked`: data come by the clock, so none for three periods are too old. `changes`: messages come when something
 * changed, so silence is no fault; such a panel is too old when the engine itself has been silent for three periods.
 */
export type PanelRhythm = 'clocked' | 'changes';

export type Panel = {
  /** Of the element, with `-panel` behind it; kebab-case. */
  readonly id: string;
  readonly title: string;
  readonly place: PanelPlace;
  readonly rhythm: PanelRhythm;
  /** How often it is told something: 1–2 s in real time, 5–10 s for performance, 30–60 s for aggregates. */
  readonly periodMs: number;
  /** Takes the whole width of its section. */
  readonly isWide?: boolean;
  /** Keeps its content when another market is chosen: it shows more than one. */
  readonly isOfAllMarkets?: boolean;
  mount(body: HTMLElement, context: PanelContext): MountedPanel;
};

export type MountedPanel = {
  /**
   * Draws what is known. Called in an animation frame: after messages came or a read ended, when the size of the body or
   * the theme changed, and when the panel is seen again; never while nobody sees it. For paper it is called at once.
   */
  update(): void;
  close(): void;
};

export type Take<Channel extends string> = (message: MessageOf<Channel>) => void;

export type PanelContext = {
  /** '' before any market is known. */
  readonly market: string;
  readonly barKind: string;
  /** The market chosen now, for panels that outlive the choice. */
  chosen(): string;
  /** Place for the panel's own buttons and selects, in its header. */
  readonly tools: HTMLElement;
  /** As the theme is now; read it anew in each `update`. */
  colours(): Colours;
  /** Takes messages of a channel for as long as the panel is seen; panels that follow the same share one subscription. */
  follow<Channel extends string>(channel: Channel, options: SubscriptionOptions, take: Take<Channel>): void;
  /**
   * Reads by HTTP: at once, whenever the panel is seen again, and each `everyMs` between where that is given. A
   * rejection becomes the panel's note; the next one that resolves takes it away.
   */
  load(read: (read: Read) => Promise<void>, everyMs?: number): void;
  /** Asks for `update` outside of the above, as when a control of the panel was used. */
  redraw(): void;
  /** A calm line under the title; '' takes it away. A warning is told to readers of the screen too. */
  note(text: string, isWarning?: boolean): void;
  /** Chooses what the page shows. */
  choose(choice: { readonly market?: string; readonly barKind?: string }): void;
};

/** GET of a path of this engine that answers JSON; rejects with a sentence for people. */
export type Read = <T>(path: string) => Promise<T>;
