// T32: every way of presenting a token × every role × every endpoint of both ports, and whether the time of a refusal tells
// a token that is nearly right from one that is not.

import { seededRandom } from '../../engine/synthetic/random.ts';
import { ENDPOINTS, type Endpoint, MARKET_TRADE, statusFor, TOKENS } from '../support/access-matrix.ts';
import { Client, eventually } from '../support/live-engine.ts';
import { askRaw } from '../support/raw-request.ts';
import { type Presentation, presentationsOf } from '../support/token-presentations.ts';
import { tokenTiming } from '../support/token-timing.ts';
import { EngineUnderTest } from './engine-under-test.ts';

import { type Figure, type Scenario, timedAtMost, told, zeroOf } from './scenario.ts';

/** One case in so many is asked. */
const EVERY = { tiny: 40, small: 4, full: 1 } as const;
const TIMING_TRIES = { tiny: 4_000, small: 100_000, full: 100_000 } as const;
const T_MAX = 4.5;
const CONCURRENT = 24;

type Matrix = { cases: number; wrong: number; bypasses: number; told: number };

async function started(): Promise<EngineUnderTest> {
  const roles = TOKENS.flatMap(({ secret, roles }) => ['--role-token', `${roles.join('+')}=${secret}`]);
  const engine = await EngineUnderTest.start(['--workers', '1', ...roles]);
  const protocols = ['millrace', `bearer.${Buffer.from(TOKENS[0].secret).toString('base64url')}`];
  const producer = await Client.open(`ws://127.0.0.1:${engine.ingestPort}/ingest/binance`, protocols);
  producer.send(MARKET_TRADE);
  const authorization = `Bearer ${TOKENS[3].secret}`;
  await eventually('the market', async () => {
    const response = await fetch(`http://127.0.0.1:${engine.port}/v1/markets`, { headers: { authorization } });
    return ((await response.json()) as object[]).length === 1;
  });
  await producer.close();
  return engine;
}

async function matrix(engine: EngineUnderTest, every: number, log: (text: string) => void): Promise<Matrix> {
  const cases = TOKENS.flatMap((token) =>
    presentationsOf(token.secret).flatMap((presentation) =>
      ENDPOINTS.map((endpoint) => ({ token, presentation, endpoint })),
    ),
  ).filter((_, index) => index % every === 0);
  const sum = { cases: cases.length, wrong: 0, bypasses: 0, told: 0 };
  const ask = ({ port, path, isUpgrade = false }: Endpoint, { headers, query }: Presentation) => {
    const whole = query === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
    return askRaw({ port: port === 'public' ? engine.port : engine.ingestPort, path: whole, headers, isUpgrade });
  };
  let next = 0;
  async function lane(): Promise<void> {
    for (let at = next++; at < cases.length; at = next++) {
      const { token, presentation, endpoint } = cases[at];
      const { status, head, body } = await ask(endpoint, presentation);
      const right = statusFor(endpoint, presentation, token);
      if (TOKENS.some(({ secret }) => head.includes(secret) || body.includes(secret))) sum.told++;
      if (status === right) continue;
      sum.wrong++;
      if (right === 401 || right === 403) sum.bypasses++;
      log(`${token.roles}: ${presentation.name}: ${endpoint.path}: expected ${right}, was ${status}`);
    }
  }
  await Promise.all(Array.from({ length: CONCURRENT }, lane));
  return sum;
}

export const scenario: Scenario = {
  id: 'T32',
  title: 'Authorisation',
  async run(size, seed, log) {
    const engine = await started();
    const { cases, wrong, bypasses, told: shown } = await matrix(engine, EVERY[size], log);
    const authorization = `Bearer ${TOKENS[3].secret}`;
    const metrics = await (
      await fetch(`http://127.0.0.1:${engine.port}/metrics`, { headers: { authorization } })
    ).text();
    await engine.stop();
    const said = `${engine.stderr}${metrics}`;
    const leaks = TOKENS.filter(({ secret }) => said.includes(secret)).length;
    const random = seededRandom(seed, 'timing');
    const { tries, t, meanNs, granted } = tokenTiming(TIMING_TRIES[size], () => random.integer(1_000_000) / 1_000_000);
    const figures: Figure[] = [
      zeroOf('answers to who has no right', bypasses, cases),
      zeroOf('other answers that were not the right one', wrong - bypasses, cases),
      zeroOf('wrong tokens let in by the check itself', granted, 2 * tries),
      zeroOf('secrets in answers, logs and metrics', shown + leaks, cases),
      timedAtMost(size, '|t| of nearly right against unknown tokens', Math.abs(t), T_MAX, ''),
      told('mean of a refusal of a nearly right token', meanNs.wrong, 'ns'),
      told('mean of a refusal of an unknown token', meanNs.unknown, 'ns'),
    ];
    return {
      injected: cases,
      detected: cases - bypasses,
      falseAlarms: wrong - bypasses,
      figures,
      accounting: null,
      knownHoles: [
        'The time is that of the check alone: over a network other times are far larger than what is left of it.',
      ],
      notes: [
        `${cases} cases: ${TOKENS.length} tokens × ${presentationsOf(TOKENS[0].secret).length} presentations × ${ENDPOINTS.length} endpoints, one in ${EVERY[size]}.`,
        `t-test over ${tries} tries of each kind.`,
      ],
    };
  },
};
