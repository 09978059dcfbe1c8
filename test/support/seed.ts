// The seed of every test that draws at random: one saved number, so that a run fails by a change and never by luck.
// TEST_SEED=random looks further, and TEST_SEED=N repeats what it found; a seed that found a fault becomes a test.

import fc from 'fast-check';

const SAVED_SEED = 2_105_491_018;

function chosenSeed(text: string | undefined): number {
  if (text === undefined) return SAVED_SEED;
  return text === 'random' ? Date.now() % 2 ** 31 : Number(text) | 0;
}

export const SEED = chosenSeed(process.env['TEST_SEED']);
if (process.env['TEST_SEED'] === 'random') console.log(`TEST_SEED=${SEED}`);

fc.configureGlobal({ seed: SEED });
