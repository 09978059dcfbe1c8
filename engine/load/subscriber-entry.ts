// Entry of a subscriber's thread or process: connects, answers the runner, ends when told or when the runner has gone.

import { UsageError } from '../base/errors.ts';
import { openHelperPort } from './helper-port.ts';
import { Subscriber } from './subscriber.ts';
import type { SubscriberAnswer, SubscriberPlan, SubscriberRequest } from './subscriber-protocol.ts';

const port = await openHelperPort<SubscriberPlan, SubscriberRequest, SubscriberAnswer>();
const subscriber = new Subscriber(port.plan);
port.onMessage((request) => {
  if (request.op === 'start') subscriber.start(request.startNs);
  else if (request.op === 'report') port.post({ op: 'report', id: request.id, report: subscriber.report() });
  else {
    subscriber.stop();
    port.close();
  }
});
try {
  await subscriber.connect();
  port.post({ op: 'ready' });
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  port.post({ op: 'failed', reason, isUsage: error instanceof UsageError });
}
