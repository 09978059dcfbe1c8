// The `dashboards` suite: what pages that are open cost the engine they look at.

import type { Suite } from '../harness.ts';
import { openDashboards } from './open-dashboards.ts';

export const dashboardsSuite: Suite = [{ name: 'open dashboards', run: openDashboards }];
