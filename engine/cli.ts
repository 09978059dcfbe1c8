#!/usr/bin/env node
// The first file of the command: hears the signals that end an engine before it loads all else, which takes a moment.

import { hearEnding } from './commands/ending.ts';

// Other commands hear them where they have something to end.
if (process.argv[2] === 'start') hearEnding();
await import('./command-line.ts');
