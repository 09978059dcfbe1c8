// Engines that are wrong on purpose, each in one way that a run must notice: they show that the simulation can fail.

import { JournalReplay } from '../../engine/ingress/journal-replay.ts';
import { ProducerSession } from '../../engine/ingress/producer-session.ts';
import { JournalPromises } from '../../engine/journal/journal-promises.ts';
import { History } from '../../engine/publish/history.ts';
import { Topic } from '../../engine/publish/topics.ts';
import { RingWriter } from '../../engine/ring/spsc-ring.ts';
import { FrameResult } from '../../schemas/ids.ts';
import { TradeFilter, TradeVerdict } from '../../workers/bars/trade-filter.ts';
import { ChangeDecision, Sequencer } from '../../workers/book/sequencer.ts';
import { ShardCapture } from '../../workers/capture.ts';
import { DutyCycle } from '../../workers/duty-cycle.ts';
import { OutputWriter } from '../../workers/output/writer.ts';
import { Takeover } from '../../workers/takeover.ts';
import { type Restore, replace } from './replace.ts';

export type Mutation = {
  readonly name: string;
  /** Makes every engine wrong until the returned function is called. */
  readonly apply: () => Restore;
  /** Where few seeds come to it: those that do. */
  readonly seeds?: readonly number[];
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

/** As if what a producer had sent, and no journal has, were known to the next process. */
function rememberTaken(): Restore {
  const most = new Map<unknown, number>();
  const judge = mutate(ProducerSession, 'judge', (self, truth, given) => {
    const result = truth(...given);
    most.set(self['producer'], Number(self['lastSequence']));
    return result;
  });
  const begin = mutate(ProducerSession, 'beginBehind', (self, truth, given) =>
    truth(Math.max(Number(given[0]), self['socket'] === null ? 0 : (most.get(self['producer']) ?? 0))),
  );
  return () => {
    begin();
    judge();
  };
}

/** As it was before it kept what a forerunner had told. */
function markAsIs(self: Record<string, unknown>, truth: (...given: unknown[]) => unknown, [position]: unknown[]): void {
  self['told'] = Number(position) - 1;
  truth(position);
}

/** A shard that takes over tells one record more, or one fewer, than its forerunner left untold. */
function muteOther(by: number): Restore {
  return mutate(Takeover, 'run', (self, truth, given) => {
    self['mutedLeft'] = Math.max(0, Number(self['mutedLeft']) + by);
    return truth(...given);
  });
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
  {
    name: 'a rebuild that applies a record twice now and then',
    apply: () => {
      const isNow = sometimes(20);
      return mutate(Takeover, 'takeAlone', (_self, truth, given) => {
        if (isNow()) truth(...given);
        truth(...given);
      });
    },
  },
  { name: 'a shard that tells one record again that was told', apply: () => muteOther(-1) },
  { name: 'a shard that leaves out one record that was not told', apply: () => muteOther(1) },
  { name: 'a mark of what was told that goes back', apply: () => mutate(OutputWriter, 'mark', markAsIs), seeds: [105] },
  { name: 'a producer welcomed behind what no journal has', apply: rememberTaken },
  {
    name: 'a checkpoint that misses a market',
    apply: () =>
      mutate(ShardCapture, 'begin', (_self, truth, [number, sequence, clock, markets]) =>
        truth(number, sequence, clock, (markets as unknown[]).slice(1)),
      ),
  },
  {
    name: 'a hole of the journal that nobody is told of',
    apply: () =>
      mutate(JournalReplay, 'hole', (self, _truth, [sequence]) => {
        Object.assign(self['log'] as object, { entry: sequence, sequence });
      }),
  },
  {
    name: 'a journal whose holes hold no promise back',
    apply: () =>
      mutate(JournalPromises, 'wrote', (_self, truth, [block]) =>
        truth(Object.create(block as object, { holes: { value: 0 } })),
      ),
  },
];
