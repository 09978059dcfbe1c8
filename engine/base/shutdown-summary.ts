// What the end of an engine tells (INTERFACES, shutdown).

export type ShutdownSummary = {
  readonly pending_messages_flushed: number;
  readonly pending_messages_dropped: number;
  readonly connections_closed: number;
  readonly background_tasks_stopped: number;
  readonly metrics_cleaned: number;
  readonly duration_seconds: number;
  /** At the deadline something was still pending. */
  readonly forced: boolean;
  /** Input that neither the journal's files nor a checkpoint hold: the next start lacks it. 0 without a journal. */
  readonly journal_entries_lost: number;
  /** Counters of the ingress thread that are not 0. */
  readonly totals: Readonly<Record<string, number>>;
};
