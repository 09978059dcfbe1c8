// Owns the subscribers of one run: starts them in threads or processes, and asks them what they have.

import { entryUrl } from '../base/entry.ts';
import { UsageError } from '../base/errors.ts';
import { type Helper, type HelperKind, startHelper } from './helpers.ts';
import type { SubscriberAnswer, SubscriberPlan, SubscriberReport, SubscriberRequest } from './subscriber-protocol.ts';

const STOP_WITHIN_MS = 2_000;
/** A subscriber that is this busy will have more to say later: what it said last stands until then. */
const REPORT_WITHIN_MS = 2_000;

class SubscriberPeer {
  latest: SubscriberReport | null = null;
  readonly ready: Promise<void>;
  private readonly helper: Helper<SubscriberRequest>;
  private asked = 0;
  private hasEnded = false;
  private readonly waiting = new Map<number, () => void>();

  constructor(kind: HelperKind, plan: SubscriberPlan) {
    let become: { ready: () => void; fail: (error: Error) => void } | null = null;
    this.ready = new Promise((resolve, reject) => {
      become = { ready: resolve, fail: reject };
    });
    this.ready.catch(() => undefined);
    const entry = entryUrl('./subscriber-entry.ts', import.meta.url);
    this.helper = startHelper(kind, entry, `load subscriber ${plan.index}`, plan, (answer: SubscriberAnswer) => {
      if (answer.op === 'ready') become?.ready();
      else if (answer.op === 'report') this.take(answer.id, answer.report);
      else become?.fail(answer.isUsage ? new UsageError(answer.reason) : new Error(answer.reason));
    });
    this.helper.ended.then((reason) => {
      become?.fail(new Error(`load subscriber ${plan.index}: ${reason ?? 'ended'}`));
      this.hasEnded = true;
      for (const answered of this.waiting.values()) answered();
    });
  }

  private take(id: number, report: SubscriberReport): void {
    this.latest = report;
    this.waiting.get(id)?.();
  }

  start(startNs: number): void {
    this.helper.post({ op: 'start', startNs });
  }

  async report(): Promise<SubscriberReport | null> {
    if (this.hasEnded) return this.latest;
    const id = this.asked++;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, REPORT_WITHIN_MS);
      this.waiting.set(id, () => {
        clearTimeout(timer);
        resolve();
      });
      this.helper.post({ op: 'report', id });
    });
    this.waiting.delete(id);
    return this.latest;
  }

  async stop(): Promise<void> {
    this.helper.post({ op: 'stop' });
    const timer = setTimeout(() => this.helper.kill(), STOP_WITHIN_MS);
    await this.helper.ended;
    clearTimeout(timer);
  }
}

export class Subscribers {
  private readonly peers: readonly SubscriberPeer[];

  constructor(peers: readonly SubscriberPeer[]) {
    this.peers = peers;
  }

  /** Counting begins with the update that is due then. */
  start(startNs: number): void {
    for (const peer of this.peers) peer.start(startNs);
  }

  /** Of each that has ever answered, what it has now; the first measures losses. */
  async reports(): Promise<SubscriberReport[]> {
    const reports = await Promise.all(this.peers.map((peer) => peer.report()));
    return reports.filter((report) => report !== null);
  }

  async stop(): Promise<void> {
    await Promise.all(this.peers.map((peer) => peer.stop()));
  }
}

/** Resolves once all are subscribed; rejects, with all of them ended, where one cannot. */
export async function startSubscribers(
  plan: Omit<SubscriberPlan, 'index'>,
  kind: HelperKind,
  count: number,
): Promise<Subscribers> {
  const peers = Array.from({ length: count }, (_, index) => new SubscriberPeer(kind, { ...plan, index }));
  try {
    await Promise.all(peers.map(({ ready }) => ready));
    return new Subscribers(peers);
  } catch (error) {
    await Promise.all(peers.map((peer) => peer.stop()));
    throw error;
  }
}
