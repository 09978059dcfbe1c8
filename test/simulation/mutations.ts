// Engines that are wrong on purpose, each in one way that a run must notice: they show that the simulation can fail.

import { ProducerSession } from '../../engine/ingress/producer-session.ts';
import { History } from '../../engine/publish/history.ts';
import { Topic } from '../../engine/publish/topics.ts';
import { RingWriter } from '../../engine/ring/spsc-ring.ts';
import { FrameResult } from '../../schemas/ids.ts';
import { TradeFilter, TradeVerdict } from '../../workers/bars/trade-filter.ts';
import { ChangeDecision, Sequencer } from '../../workers/book/sequencer.ts';
import { DutyCycle } from '../../workers/duty-cycle.ts';
import { type Restore, replace } from './replace.ts';

export type Mutation = {
  readonly name: string;
  /** Makes every engine wrong until the returned function is called. */
  readonly apply: () => Restore;
};

/** A method that is replaced, private or not: `make` gets the true one, bound to its object at each call. */
function mutate(
  type: { readonly prototype: object },
  method: string,
  make: (self: Record<string, unknown>, truth: (...given: unknown[]) => unknown, given: unknown[]) => unknown,
): Restore {
  const truth = Reflect.get(type.prototype, method) as (...given: unknown[]) => unknown;
  if (typeof truth !== 'function') throw new Error(`mutation: expected a method ${method}`);
  return replace(type.prototype, method, function (this: Record<string, unknown>, ...given: unknown[]): unknown {
    return make(this, truth.bind(this), given);
  });
}

/** Of every so many calls, one. */
function sometimes(every: number): () => boolean {
  let calls = 0;
  return () => ++calls % every === 0;
}

export const MUTATIONS: readonly Mutation[] = [
  { name: 'a book that takes a change which does not follow', apply: () => mutate(Sequencer, 'follows', () => true) },
  {
    name: 'a chained book that looks at no number',
    apply: () => mutate(Sequencer, 'chain', () => ChangeDecision.apply),
  },
  {
    name: 'a producer whose repeats are taken',
    apply: () => mutate(ProducerSession, 'repeat', () => FrameResult.applied),
  },
  {
    name: 'a trade filter that knows no repeats',
    apply: () => mutate(TradeFilter, 'follow', () => TradeVerdict.accepted),
  },
  {
    name: 'a ring that is filled over its reader',
    apply: () => {
      const claim = mutate(RingWriter, 'claim', (self) => {
        const next = self['next'] as number;
        self['next'] = (next + 1) | 0;
        return next & (self['mask'] as number);
      });
      const room = mutate(RingWriter, 'hasRoom', () => true);
      return () => {
        room();
        claim();
      };
    },
  },
  {
    name: 'a topic that leaves out a message now and then',
    apply: () => {
      const isNow = sometimes(50);
      return mutate(Topic, 'publish', (_self, truth, given) => (isNow() ? undefined : truth(...given)));
    },
  },
  {
    name: 'a history that forgets the first message after a resume',
    apply: () =>
      mutate(History, 'after', (_self, truth, given) => (truth(...given) as unknown[] | null)?.slice(1) ?? null),
  },
  {
    name: 'a shard that takes over in the middle of a batch',
    apply: () => mutate(DutyCycle, 'skipCutShort', () => undefined),
  },
];
