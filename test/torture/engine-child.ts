// An engine with feeds as a process of its own.

import type { FeedPlan } from '../../engine/connect/feed-plan.ts';
import { LiveEngine } from '../support/live-engine.ts';
import { feedPlan } from '../support/venue-run.ts';

type Plan = Pick<FeedPlan, 'venue' | 'symbols' | 'limitsScale'> & { readonly url: string };

const plans = JSON.parse(process.argv[2]) as Plan[];
const feeds = plans.map(({ venue, symbols, url, limitsScale }) => ({ ...feedPlan(venue, symbols, url), limitsScale }));
const engine = await LiveEngine.start({ feeds });
process.send?.({ port: engine.engine.port });
process.on('message', () => {
  void engine.stop().then(() => process.disconnect());
});
