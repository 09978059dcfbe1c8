// What a run throws where the engine broke a promise: all that is needed to look at it again.

export class Broken extends Error {
  readonly seed: number;
  readonly timeMs: number;
  readonly events: readonly string[];

  constructor(seed: number, timeMs: number, what: string, events: readonly string[], cause?: unknown) {
    super(what, { cause });
    this.seed = seed;
    this.timeMs = timeMs;
    this.events = events;
  }

  get report(): string {
    const events = this.events.map((event) => `  ${event}`).join('\n');
    const cause = this.cause instanceof Error ? `\n${this.cause.stack}` : '';
    const alone = `npm run simulate:faults -- --seeds 1 --seed ${this.seed} --verbose`;
    const head = `seed ${this.seed} at ${this.timeMs.toFixed(3)} ms: ${this.message}${cause}`;
    return `${head}\nlast events (ms, what):\n${events}\nalone: ${alone}`;
  }
}
