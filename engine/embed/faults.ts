// What goes wrong in an engine and is put right again, for listeners inside the process.

import { HEALTH_LOOK_MS } from '../../schemas/config.ts';
import type { BookStateName, Status, StreamMessage } from '../../schemas/feed.ts';
import type { HealthAnswer } from '../client/answers.ts';

export type EngineFault =
  /** `/health` says something else than before. */
  | { readonly kind: 'health'; readonly status: HealthAnswer['status']; readonly reasons: readonly string[] }
  /** A market's book is trusted less or more than before; `lost` counts its updates known to be missing. */
  | {
      readonly kind: 'market';
      readonly market: string;
      readonly state: BookStateName;
      readonly reason: string | null;
      readonly lost: number;
    }
  /** A sentence: a shard ended, is back or is given up, a checksum did not match, a signal is switched off. */
  | { readonly kind: 'event'; readonly message: string };

export type FaultListener = (fault: EngineFault) => void;

/** Looks at what there is to tell; asks for market states only while someone listens. */
export class EmbeddedFaults {
  private readonly listeners = new Set<FaultListener>();
  private readonly health: () => HealthAnswer;
  private readonly call: (listener: () => void) => void;
  private readonly listen: (tell: (message: StreamMessage) => void) => () => void;
  private readonly states = new Map<string, BookStateName>();
  private timer: NodeJS.Timeout | null = null;
  private leave: () => void = () => undefined;
  private told: string;

  /** `listen` subscribes to the states of all markets; `call` runs a listener whose errors are not ours. */
  constructor(
    health: () => HealthAnswer,
    listen: (tell: (message: StreamMessage) => void) => () => void,
    call: (listener: () => void) => void,
  ) {
    this.health = health;
    this.listen = listen;
    this.call = call;
    this.told = JSON.stringify(health());
  }

  on(listener: FaultListener): () => void {
    if (this.listeners.size === 0) this.begin();
    this.listeners.add(listener);
    return () => {
      if (this.listeners.delete(listener) && this.listeners.size === 0) this.stop();
    };
  }

  private begin(): void {
    this.told = JSON.stringify(this.health());
    this.timer = setInterval(() => this.look(), HEALTH_LOOK_MS);
    this.timer.unref();
    this.leave = this.listen((message) => {
      if (message.type === 'status') this.noteStatus(message);
    });
  }

  private tell(fault: EngineFault): void {
    for (const listener of [...this.listeners]) this.call(() => listener(fault));
  }

  event(message: string): void {
    this.tell({ kind: 'event', message });
    if (this.listeners.size > 0) this.look();
  }

  private look(): void {
    const { status, reasons } = this.health();
    const text = JSON.stringify({ status, reasons });
    if (text === this.told) return;
    this.told = text;
    this.tell({ kind: 'health', status, reasons });
  }

  /** A market begins as `syncing`; that its first book is there is no fault. */
  private noteStatus({ exchange, symbol, state, reason, lost }: Status): void {
    const market = `${exchange}:${symbol}`;
    const before = this.states.get(market) ?? 'syncing';
    this.states.set(market, state);
    if (before === state || (before === 'syncing' && state === 'live')) return;
    this.tell({ kind: 'market', market, state, reason, lost });
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.leave();
    this.states.clear();
  }
}
