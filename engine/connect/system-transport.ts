// The transport of the running engine: real sockets and requests by one route.

import { RestClient } from './rest.ts';
import { openSocket, type Route } from './socket.ts';
import type { FeedSocket, RestAnswer, RestCall, SocketEvents, SocketOptions, Transport } from './transport.ts';

export class SystemTransport implements Transport {
  private readonly route: Route;
  private readonly client: RestClient;

  constructor(route: Route) {
    this.route = route;
    this.client = new RestClient(route);
  }

  open(options: SocketOptions, events: SocketEvents): FeedSocket {
    return openSocket(options, this.route, events);
  }

  request(call: RestCall): Promise<RestAnswer> {
    return this.client.request(call);
  }

  close(): void {
    this.client.close();
  }
}
