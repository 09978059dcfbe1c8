// All connections of the ingress thread, pushed and to venues: their numbers, who they are, and their sessions.

import { DIALECTS, type Dialect } from '../../schemas/ids.ts';
import type { ConnectionOpened } from '../journal/entry.ts';
import { FeedMarkets } from './feed-session.ts';
import type { FrameWriter } from './frame-writer.ts';
import type { Session } from './session.ts';

export type OpenConnection = {
  readonly connection: number;
  readonly facts: ConnectionOpened;
  readonly session: Session;
};

/** Thread: ingress. Numbers rise over the whole life of the journal. */
export class Connections {
  /** Number for the next one. */
  next = 1;
  readonly open = new Map<number, OpenConnection>();
  /** Where the last record of each market came from. */
  readonly feedMarkets: FeedMarkets;
  private readonly writer: FrameWriter;

  constructor(writer: FrameWriter, marketsMax: number) {
    this.writer = writer;
    this.feedMarkets = new FeedMarkets(marketsMax);
  }

  /** Begins a connection; `make` gives the session of its number. */
  begin<Made extends Session>(facts: ConnectionOpened, make: (connection: number) => Made): Made {
    const connection = this.number(facts);
    const session = make(connection);
    this.adopt(connection, facts, session);
    return session;
  }

  /** A number for a connection that begins; its session is given to adopt(). */
  number(facts: ConnectionOpened): number {
    const connection = this.next++;
    const payload = Buffer.from(JSON.stringify(facts));
    const { journal } = this.writer;
    journal?.open(connection, DIALECTS.indexOf(facts.dialect as Dialect), payload, this.writer.nowNs());
    return connection;
  }

  /** One that has its number, or that a journal tells of. */
  adopt(connection: number, facts: ConnectionOpened, session: Session): void {
    session.connection = connection;
    this.next = Math.max(this.next, connection + 1);
    this.open.set(connection, { connection, facts, session });
  }

  /** The connection is gone; its frames have been decoded. */
  end(connection: number): void {
    const found = this.open.get(connection);
    if (found === undefined) return;
    this.open.delete(connection);
    found.session.takeCounts();
    this.writer.journal?.close(connection, this.writer.nowNs());
  }
}
