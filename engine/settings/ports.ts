// Settings of the ports: where the engine listens, and what one client may do there.

import {
  CONNECTIONS_MAX,
  DEFAULT_HOST,
  DEFAULT_INGEST_PORT,
  DEFAULT_PORT,
  REQUESTS_PER_SECOND,
} from '../../schemas/config.ts';
import { size, text, whole } from './kinds.ts';
import { setting } from './setting.ts';

const PORT_LAST = 65_535;

export const PORT_SETTINGS = {
  host: setting(text('address', 'an address or name of this machine'), DEFAULT_HOST, {
    group: 'ports',
    meaning: 'address of both ports',
    when: 'Set `0.0.0.0` in a container, or an address of the machine, to be reached from others. That needs a token, or `insecure`.',
  }),
  port: setting(whole(0, PORT_LAST, 'number'), DEFAULT_PORT, {
    group: 'ports',
    meaning: 'port of stream, HTTP and dashboard; 0 takes any free one',
    when: 'Where another program has the port, or for a second engine on the machine.',
  }),
  ingestPort: setting(whole(0, PORT_LAST, 'number'), DEFAULT_INGEST_PORT, {
    group: 'ports',
    meaning: 'port of pushed frames; 0 takes any free one',
    when: 'As `port`, and never the same one.',
  }),
};

const perSecond = (most: number) => whole(0, most);

export const LIMIT_SETTINGS = {
  connectionsMax: setting(perSecond(1_000_000), CONNECTIONS_MAX, {
    group: 'limits',
    meaning: 'WebSockets of each port open at once; 0 is no limit',
    when: 'Raise it for more subscribers, with the open files of the process (`ulimit -n`); lower it in a small container, as each may hold 1 MiB of queue.',
  }),
  connectionsPerAddress: setting(perSecond(1_000_000), 0, {
    group: 'limits',
    meaning: 'the same of one address; 0 is no limit',
    when: 'Where the ports are open to people you do not know. Behind a proxy all clients have its address: leave it 0 there.',
  }),
  framesPerSecond: setting(perSecond(1_000_000_000), 0, {
    group: 'limits',
    meaning: 'frames of one producer, which is closed above it; 0 is no limit',
    when: 'Where a producer of somebody else may go wild. A cut loses data: leave room over what is usual.',
  }),
  bytesPerSecond: setting(size(0, 2 ** 40), 0, {
    group: 'limits',
    meaning: 'bytes of one producer, such as 10MiB, which is closed above it; 0 is no limit',
    when: 'As `framesPerSecond`.',
  }),
  requestsPerSecond: setting(perSecond(1_000_000), REQUESTS_PER_SECOND, {
    group: 'limits',
    meaning: 'requests of one subscriber; 0 is no limit',
    when: 'Raise it where one client subscribes to thousands of markets one by one; better, let it subscribe to many in one request.',
    more: 'Ten seconds of it may come at once. What happens above it is told under [limits](operations.md#limits).',
  }),
};
