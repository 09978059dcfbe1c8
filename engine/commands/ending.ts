// The signals that end an engine, heard from the first moment of the process on: one that comes during the start is not lost.

/** A terminal that closes sends SIGHUP: settings are read at the start alone, so it means the end here too. */
const ENDING_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
type EndingSignal = (typeof ENDING_SIGNALS)[number];

/** Told of each signal, and how many there have been with it. */
export type TakeEnding = (count: number, signal: EndingSignal) => void;

const heard: EndingSignal[] = [];
let take: TakeEnding | null = null;
let isHearing = false;

function hear(signal: EndingSignal): void {
  const count = heard.push(signal);
  take?.(count, signal);
}

/** Before this a signal kills without a word, or does nothing at all where the process is the first of a container. */
export function hearEnding(): void {
  if (isHearing) return;
  isHearing = true;
  for (const signal of ENDING_SIGNALS) process.on(signal, hear);
}

/** From here on `next` is told in place of whoever was before; at once of those that came already. */
export function onEnding(next: TakeEnding): void {
  hearEnding();
  take = next;
  for (const [index, signal] of heard.entries()) if (take === next) next(index + 1, signal);
}
