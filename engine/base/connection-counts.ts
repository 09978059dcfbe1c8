// How many connections a port has, in all and of each remote address, and which of them may come in.

/** What a port lets in; 0 is no limit. */
export type ConnectionLimits = { readonly connectionsMax: number; readonly connectionsPerAddress: number };

export const CONNECTION_REFUSALS = ['connections-max', 'connections-per-address'] as const;
export type ConnectionRefusal = (typeof CONNECTION_REFUSALS)[number];

/** Addresses are remembered while they have a connection, so there are never more of them than connections. */
export class ConnectionCounts {
  /** Connections open, and the most there ever were. */
  open = 0;
  most = 0;
  private readonly limits: ConnectionLimits;
  private readonly byAddress = new Map<string, number>();

  constructor(limits: ConnectionLimits) {
    this.limits = limits;
  }

  get addresses(): number {
    return this.byAddress.size;
  }

  /** Why one more of this address may not come in; null where it may. */
  refusal(address: string): ConnectionRefusal | null {
    const { connectionsMax, connectionsPerAddress } = this.limits;
    if (connectionsMax > 0 && this.open >= connectionsMax) return 'connections-max';
    const ofAddress = this.byAddress.get(address) ?? 0;
    return connectionsPerAddress > 0 && ofAddress >= connectionsPerAddress ? 'connections-per-address' : null;
  }

  opened(address: string): void {
    this.open++;
    this.most = Math.max(this.most, this.open);
    this.byAddress.set(address, (this.byAddress.get(address) ?? 0) + 1);
  }

  closed(address: string): void {
    this.open--;
    const left = (this.byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.byAddress.set(address, left);
    else this.byAddress.delete(address);
  }
}
