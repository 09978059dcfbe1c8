// One subscriber of a load test: its connections to /stream, and what came over them.

import { SUBSCRIPTIONS_MAX } from '../../schemas/config.ts';
import { EngineClock } from '../base/clock.ts';
import { StreamSocket } from './stream-socket.ts';
import type { SubscriberPlan, SubscriberReport } from './subscriber-protocol.ts';
import { FlatbufferTags } from './tag-flatbuffers.ts';
import { TextTags } from './tag-text.ts';
import { MessageKind, type TagReader } from './tags.ts';
import { UpdateLog } from './update-log.ts';

/** Channels of one request: with the longest names it stays far below the 64 KiB an engine takes. */
const CHANNELS_PER_REQUEST = 200;
const REPLY_TIMEOUT_MS = 15_000;

type Reply = { readonly op?: string; readonly errors?: readonly { readonly message?: string }[] };

/** Channels by their names: the run's own markets alone, whatever else the engine has. */
function channelsOf({ load, markets }: SubscriberPlan): string[] {
  const kinds = load.updates === 'mixed' ? ['trade', 'book'] : load.updates === 'trades' ? ['trade'] : ['book'];
  return markets.flatMap((market) => kinds.map((kind) => `${kind}.${market}`));
}

function inParts<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, (part + 1) * size),
  );
}

export class Subscriber {
  private readonly plan: SubscriberPlan;
  private readonly clock: EngineClock;
  private readonly log: UpdateLog;
  private readonly json = new TextTags();
  private readonly binary = new FlatbufferTags();
  private sockets: readonly StreamSocket[] = [];
  private readonly closed: number[] = [];
  private awaited = 0;
  private onReply: (refusal: string | null) => void = () => undefined;
  private messages = 0;
  private bytes = 0;
  private gaps = 0;

  constructor(plan: SubscriberPlan) {
    this.plan = plan;
    this.clock = new EngineClock(plan.load.anchor);
    this.log = new UpdateLog(plan.load);
  }

  /** Resolves once all channels are subscribed to; rejects with one sentence where one is refused. */
  async connect(): Promise<void> {
    const parts = inParts(channelsOf(this.plan), SUBSCRIPTIONS_MAX);
    this.sockets = await Promise.all(parts.map(() => this.open()));
    await this.subscribe(parts);
  }

  private open(): Promise<StreamSocket> {
    const { streamUrl, encoding, load } = this.plan;
    return StreamSocket.open({
      url: `${streamUrl}?encoding=${encoding}`,
      token: load.token,
      onBytes: (count) => {
        this.bytes += count;
        this.log.receiveAt(this.clock.nowNs());
      },
      onMessage: (bytes, start, end, isBinary) => this.take(isBinary ? this.binary : this.json, bytes, start, end),
      onEnd: (code) => {
        this.closed.push(code);
        this.onReply(`closed with ${code}`);
      },
    });
  }

  private subscribe(parts: readonly string[][]): Promise<void> {
    const requests = parts.map((part) => inParts(part, CHANNELS_PER_REQUEST));
    this.awaited = requests.flat().length;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.onReply('no answer in time'), REPLY_TIMEOUT_MS);
      this.onReply = (refusal) => {
        if (refusal === null && --this.awaited > 0) return;
        clearTimeout(timer);
        this.onReply = () => undefined;
        if (refusal === null) resolve();
        else reject(new Error(`subscription at ${this.plan.streamUrl}: ${refusal}`));
      };
      requests.forEach((list, index) => {
        for (const args of list) this.sockets[index].send(JSON.stringify({ op: 'subscribe', args }));
      });
    });
  }

  private take(reader: TagReader, bytes: Uint8Array, start: number, end: number): void {
    const kind = reader.read(bytes, start, end);
    if (kind === MessageKind.reply) {
      this.takeReply(bytes, start, end);
      return;
    }
    this.messages++;
    if (kind === MessageKind.update) this.log.take(reader.tags);
    else if (kind === MessageKind.snapshot) this.log.takeSnapshot(reader.tags);
    else if (kind === MessageKind.gap) this.gaps++;
  }

  private takeReply(bytes: Uint8Array, start: number, end: number): void {
    const reply = JSON.parse(Buffer.from(bytes.subarray(start, end)).toString()) as Reply;
    if (reply.op === 'error') this.onReply(JSON.stringify(reply));
    else if (reply.op === 'subscribed') this.onReply(reply.errors?.[0]?.message ?? null);
  }

  start(startNs: number): void {
    this.log.start(startNs);
  }

  report(): SubscriberReport {
    const { received, measured, duplicates, tooLate, foreign } = this.log;
    return {
      ...{ received, measured, duplicates, tooLate, foreign },
      missing: this.log.missing(this.clock.nowNs()),
      gaps: this.gaps,
      messages: this.messages,
      bytes: this.bytes,
      latency: this.log.latency.snapshot(),
      closed: [...this.closed],
    };
  }

  stop(): void {
    for (const socket of this.sockets) socket.close();
  }
}
