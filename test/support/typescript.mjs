// Lets every thread of a test read TypeScript: under Node 20 `--import tsx` reaches the main thread alone, while this,
// given as `--import`, runs in each worker as well.

import { register } from 'tsx/esm/api';

register();
