// What is kept of which market: bars, signals and book by pattern of its name; the first pattern that matches decides.

import { ALLOWED_LATENESS_MS, STALE_AFTER_MS } from '../../schemas/config.ts';
import { EMPTY_BARS_NAMES, type EmptyBars } from '../../schemas/ids.ts';
import { DEFAULT_SIGNALS, SIGNALS_MAX } from '../../schemas/signals.ts';
import { type BarKind, barKindOf, barKindsOf } from './bar-kinds.ts';
import { UsageError } from './errors.ts';
import { type SignalSpec, signalSpecOf } from './signal-specs.ts';

/** Every level, none at all, or this many a side. */
export type BookKept = 'full' | 'none' | number;

/** What a pattern of the configuration may set; what it leaves out is as for all markets. */
export type MarketChoice = {
  readonly bars?: readonly string[] | undefined;
  readonly signals?: readonly string[] | undefined;
  readonly book?: BookKept | undefined;
  readonly emptyBars?: (typeof EMPTY_BARS_NAMES)[number] | undefined;
  readonly latenessMs?: number | undefined;
  readonly staleAfterMs?: number | undefined;
};
export type MarketPattern = MarketChoice & { readonly match: string };

export type MarketPlan = {
  /** `*` stands for any characters. */
  readonly match: string;
  /** Numbers into MarketPlans.barKinds; those behind `visibleBars` are kept for signals alone. */
  readonly bars: readonly number[];
  readonly visibleBars: number;
  /** Numbers into MarketPlans.signals. */
  readonly signals: readonly number[];
  readonly hasBook: boolean;
  /** Levels a side; 0 is all. */
  readonly levelsKept: number;
  readonly emptyBars: EmptyBars;
  readonly latenessMs: number;
  readonly staleAfterMs: number;
};

/** A user's signal file: its name as given, and the module its code was made into. */
export type SignalFile = { readonly path: string; readonly source: string };

export type MarketPlans = {
  readonly barKinds: readonly BarKind[];
  readonly signals: readonly SignalSpec[];
  readonly signalFiles: readonly SignalFile[];
  readonly plans: readonly MarketPlan[];
};

export type PlanOptions = {
  readonly usual?: MarketChoice;
  readonly patterns?: readonly MarketPattern[];
  readonly users?: readonly SignalSpec[];
  readonly signalFiles?: readonly SignalFile[];
};

const USUAL_BARS = ['1s', '1m'];

/** Gathers kinds and signals of all plans, each once, and hands out their numbers. */
class PlanLists {
  readonly barKinds: BarKind[] = [];
  readonly signals: SignalSpec[] = [];
  private readonly users: readonly SignalSpec[];

  constructor(users: readonly SignalSpec[]) {
    this.users = users;
  }

  bar(kind: BarKind): number {
    const known = this.barKinds.findIndex(({ name }) => name === kind.name);
    return known >= 0 ? known : this.barKinds.push(kind) - 1;
  }

  signal(text: string): number {
    const spec = signalSpecOf(text, this.users);
    const known = this.signals.findIndex(({ name }) => name === spec.name);
    if (known >= 0) return known;
    if (this.signals.length === SIGNALS_MAX) {
      throw new UsageError(`--signals: expected at most ${SIGNALS_MAX} signals, was one more: ${spec.name}`);
    }
    return this.signals.push(spec) - 1;
  }
}

function planOf(lists: PlanLists, match: string, choice: MarketChoice): MarketPlan {
  const visible = [...new Set(barKindsOf(choice.bars ?? USUAL_BARS).map((kind) => lists.bar(kind)))];
  const signals = [...new Set((choice.signals ?? DEFAULT_SIGNALS).map((text) => lists.signal(text)))];
  const driving = signals.flatMap((number) => lists.signals[number].barKind ?? []);
  const hidden = [...new Set(driving.map((name) => lists.bar(barKindOf(name))))].filter(
    (kind) => !visible.includes(kind),
  );
  const { book = 'full' } = choice;
  return {
    match,
    bars: [...visible, ...hidden],
    visibleBars: visible.length,
    signals,
    hasBook: book !== 'none',
    levelsKept: typeof book === 'number' ? book : 0,
    emptyBars: EMPTY_BARS_NAMES.indexOf(choice.emptyBars ?? 'skip') as EmptyBars,
    latenessMs: choice.latenessMs ?? ALLOWED_LATENESS_MS,
    staleAfterMs: choice.staleAfterMs ?? STALE_AFTER_MS,
  };
}

/** Leaves out what a pattern does not set, so that it does not hide what is usual. */
function chosen(choice: MarketChoice): MarketChoice {
  return Object.fromEntries(Object.entries(choice).filter(([, value]) => value !== undefined));
}

/** Plans of all patterns, in order; without patterns one for every market. User's signals join every plan. */
export function marketPlansOf({ usual = {}, patterns, users = [], signalFiles = [] }: PlanOptions = {}): MarketPlans {
  const lists = new PlanLists(users);
  const withUsers = (choice: MarketChoice): MarketChoice => ({
    ...choice,
    signals: [...(choice.signals ?? DEFAULT_SIGNALS), ...users.map(({ name }) => name)],
  });
  const list: readonly MarketPattern[] = patterns ?? [{ match: '*' }];
  const plans = list.map((pattern) =>
    planOf(lists, pattern.match, withUsers({ ...chosen(usual), ...chosen(pattern) })),
  );

  return { barKinds: lists.barKinds, signals: lists.signals, signalFiles, plans };
}

/** True where the pattern matches the whole name. */
export function matchesPattern(pattern: string, name: string): boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return pattern === name;
  const [first] = pieces;
  const last = pieces[pieces.length - 1];
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}

/** The plan of a market; null where no pattern matches, and the market is not taken. */
export function planFor({ plans }: Pick<MarketPlans, 'plans'>, name: string): MarketPlan | null {
  return plans.find(({ match }) => matchesPattern(match, name)) ?? null;
}

/** Patterns of the markets that are taken at all. */
export function acceptsOf({ plans }: Pick<MarketPlans, 'plans'>): string[] {
  return plans.map(({ match }) => match);
}
