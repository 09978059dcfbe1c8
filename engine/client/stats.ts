// What the client counts, since it was made.

export type ClientStats = {
  /** Messages with a type; replies are not counted. */
  messages: number;
  /** Books that were compared with the engine's checksum after a message, and were right or wrong. */
  checksumsOk: number;
  checksumsBad: number;
  /** Notices of loss of the engine, and numbers that did not follow. */
  gaps: number;
  /** Messages a loop was too slow for. */
  slowLost: number;
  /** Books asked for anew, after a gap or a wrong checksum. */
  resyncs: number;
  /** Connections opened, and those of them after a loss. */
  connections: number;
  reconnects: number;
  /** Channels that went on without a hole after a reconnect, and those that began anew. */
  resumed: number;
  notResumed: number;
  /** Connections given up as they were silent. */
  silent: number;
};

export function noStats(): ClientStats {
  return {
    messages: 0,
    checksumsOk: 0,
    checksumsBad: 0,
    gaps: 0,
    slowLost: 0,
    resyncs: 0,
    connections: 0,
    reconnects: 0,
    resumed: 0,
    notResumed: 0,
    silent: 0,
  };
}
