// What is said of a port that could not be opened.

import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { listenFailure } from '../../engine/uws/listen-failure.ts';

test('a port that another holds is in use', async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const { name, message } = await listenFailure('port', '127.0.0.1', port, '--port');
  assert.equal(name, 'UsageError');
  assert.equal(message, `port ${port} on 127.0.0.1: expected a free port, was in use (--port)`);
});

test('an address of another machine is told as one', async () => {
  const { message } = await listenFailure('ingest port', '192.0.2.1', 0, '--ingest-port');
  assert.equal(message, 'ingest port 0 on 192.0.2.1: expected an address of this machine, was none (--host)');
});
