// T26: RFC 6455 on both ports, case by case over raw sockets, and by the client side of the venue connectors.

import { PAYLOAD_BYTES_MAX } from '../../schemas/config.ts';
import { LiveEngine } from '../support/live-engine.ts';
import { CLIENT_CASES, runClientCases } from './client-conformity.ts';
import { CASES, type Case, type Expected, HANDSHAKES, type Handshake } from './conformity-cases.ts';
import { EXPECTED_ACCEPT, frameOf, Opcode, RawClient, upgradeText } from './raw-client.ts';
import { type Figure, type Log, type Scenario, told, zeroOf } from './scenario.ts';

/** Probe behind a case: its answer says that all before it was looked at. */
const PROBE = 'probe';
const SETTLE_MS = 10_000;
/** Enough for what is known to stay as it is. */
const KNOWN_MS = 300;
/** Between writes of a case: they should be segments of their own. */
const SEGMENT_MS = 1;
const SEGMENTS_WAITED = 40;

/** engine/publish/stream.ts: requests are lists of channels. */
const STREAM_BYTES_MAX = 64 * 1024;

type Port = {
  readonly name: string;
  readonly path: string;
  readonly port: number;
  readonly message: string;
  /** Larger messages are over its cap. */
  readonly bytesMax: number;
  readonly isAnswered: boolean;
  /** Messages that came of all clients, or of this one. */
  readonly taken: (client: RawClient) => number;
};

function portsOf(engine: LiveEngine): Port[] {
  const isAnswer = (payload: Buffer): boolean => payload.includes('"pong"');
  return [
    {
      name: '/ingest/json',
      path: '/ingest/json',
      port: engine.engine.ingestPort,
      message: '{"type":"disconnect","exchange":"x"}',
      bytesMax: PAYLOAD_BYTES_MAX['json'],
      isAnswered: false,
      taken: () => engine.ingress('frames'),
    },
    {
      name: '/stream',
      path: '/stream',
      port: engine.engine.port,
      message: '{"op":"ping","id":1}',
      bytesMax: STREAM_BYTES_MAX,
      isAnswered: true,
      taken: (client) =>
        client.frames.filter(({ opcode, payload }) => opcode === Opcode.text && isAnswer(payload)).length,
    },
  ];
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function play(client: RawClient, one: Case, message: string): Promise<void> {
  const writes = one.writes(message);
  for (const [index, bytes] of writes.entries()) {
    client.write(bytes);
    if (index < SEGMENTS_WAITED && index < writes.length - 1) await sleep(SEGMENT_MS);
  }
}

const pongsOf = (client: RawClient): string[] =>
  client.frames.filter(({ opcode }) => opcode === Opcode.pong).map(({ payload }) => payload.toString('latin1'));

type Trial = {
  readonly expected: Expected;
  /** Messages of this case that were taken so far. */
  readonly taken: () => number;
  readonly ms: number;
  readonly mayLose: boolean;
};

/** What is wrong with what came, or '' for nothing. */
async function judge(client: RawClient, { expected, taken, ms, mayLose }: Trial): Promise<string> {
  if (expected.kind === 'open') {
    client.write(frameOf({ opcode: Opcode.ping, payload: PROBE }));
    const pongs = [...(expected.pongs ?? []), PROBE];
    await client.until(() => pongsOf(client).length >= pongs.length && taken() >= expected.messages, ms);
    if (client.isEnded || client.closeCode !== null) return `ended with ${client.closeCode}`;
    if (pongsOf(client).join('|') !== pongs.join('|')) return `pongs ${JSON.stringify(pongsOf(client))}`;
  } else {
    await client.until(() => client.isEnded, ms);
    if (!client.isEnded) return 'stays open';
    const { closeCode } = client;
    if (closeCode === null && expected.kind === 'closed') return 'ended without an answer to the close';
    if (closeCode !== null && !expected.codes.includes(closeCode)) return `closed with ${closeCode}`;
    // A burst is decoded after the turn in which its socket ended.
    const end = performance.now() + ms;
    while (!mayLose && taken() < expected.messages && performance.now() < end) await sleep(SEGMENT_MS);
  }
  // Where a message is told by its answer, that may be lost with the connection.
  const isLost = expected.kind === 'failed' && mayLose && taken() < expected.messages;
  return isLost || taken() === expected.messages ? '' : `${taken()} messages taken`;
}

async function runCase(port: Port, one: Case): Promise<string> {
  const client = await RawClient.upgraded(port.port, port.path);
  const before = port.taken(client);
  await play(client, one, port.message);
  const ms = KNOWN[one.name] === undefined ? SETTLE_MS : KNOWN_MS;
  const taken = (): number => port.taken(client) - before;
  const wrong = await judge(client, { expected: one.expected, taken, ms, mayLose: port.isAnswered });
  client.end();
  return wrong;
}

async function runHandshake(port: Port, { changes, first, isTaken, mayAgree }: Handshake): Promise<string> {
  const client = new RawClient(port.port);
  client.write(upgradeText(port.path, port.port, changes, first?.(port.path)));
  await client.until(() => client.answer !== '', SETTLE_MS);
  const { status } = client;
  const accept = client.header('sec-websocket-accept');
  const extensions = client.header('sec-websocket-extensions');
  client.end();
  if (!isTaken) return status === 101 ? 'upgraded' : '';
  if (status !== 101) return `answered ${status}`;
  if (accept !== EXPECTED_ACCEPT) return `accepted with ${accept}`;
  return extensions === null || mayAgree?.test(extensions) === true ? '' : `extensions ${extensions}`;
}

const NO_MASK =
  'uWebSockets.js does not look at the mask bit of clients (RFC 6455 §5.1 wants the connection closed): it takes the first four bytes of the payload for the mask, so what comes is rubbish and is refused as such.';

/** What a native server does against a rule, by what a case's name begins with: named, counted apart, and not hidden. */
export const KNOWN: Readonly<Record<string, string>> = {
  '5.18 binary inside a fragmented text':
    'uWebSockets.js takes a binary message that begins inside of a fragmented text for a part of it (RFC 6455 §5.4 wants it refused); what comes of it is judged like any message.',
  '5.1 text that is not masked': NO_MASK,
  '5.1 ping that is not masked': NO_MASK,
  '5.1 close that is not masked': NO_MASK,
};

type Tally = { passed: number; known: string[]; failed: string[] };

function note(tally: Tally, name: string, wrong: string): void {
  if (wrong === '') tally.passed++;
  else if (KNOWN[name] !== undefined) tally.known.push(`${name}: ${wrong}`);
  else tally.failed.push(`${name}: ${wrong}`);
}

/** A message over the cap must fail the connection instead (RFC 6455 §7.4.1, 1009). */
function casesOf({ bytesMax }: Port): Case[] {
  return CASES.map((one) =>
    (one.bytes ?? 0) <= bytesMax ? one : { ...one, expected: { kind: 'failed', messages: 0, codes: [1009] } },
  );
}

async function runPort(port: Port, log: Log): Promise<Tally> {
  const tally: Tally = { passed: 0, known: [], failed: [] };
  for (const one of casesOf(port)) note(tally, one.name, await runCase(port, one));
  for (const one of HANDSHAKES) note(tally, `handshake: ${one.name}`, await runHandshake(port, one));
  for (const text of tally.failed) log(`${port.name} ${text}`);
  return tally;
}

const figuresOf = (name: string, { passed, known, failed }: Tally): Figure[] => [
  zeroOf(`${name}: cases failed`, failed.length, passed + known.length + failed.length),
  told(`${name}: cases that are against the letter, and known`, known.length, ''),
];

export const scenario: Scenario = {
  id: 'T26',
  title: 'WebSocket conformity',
  async run(_size, _seed, log) {
    const engine = await LiveEngine.start();
    const tallies: [string, Tally][] = [];
    for (const port of portsOf(engine)) tallies.push([port.name, await runPort(port, log)]);
    const client: Tally = { passed: 0, known: [], failed: [] };
    for (const [name, wrong] of await runClientCases()) note(client, name, wrong);
    for (const text of client.failed) log(`client ${text}`);
    tallies.push(['connectors', client]);
    await engine.stop();
    const known = [...new Set(tallies.flatMap(([, tally]) => tally.known.map((text) => text.split(': ')[0])))];
    const failed = tallies.flatMap(([name, tally]) => tally.failed.map((text) => `${name} ${text}`));
    return {
      injected: (CASES.length + HANDSHAKES.length) * 2 + CLIENT_CASES,
      detected: null,
      falseAlarms: null,
      figures: tallies.flatMap(([name, tally]) => figuresOf(name, tally)),
      accounting: null,
      knownHoles: [...new Set(known.map((name) => KNOWN[name] ?? name))],
      notes: [
        `${CASES.length} cases and ${HANDSHAKES.length} upgrades on each port, ${CLIENT_CASES} on the client side; in the families of the Autobahn suite, which could not be had. A port does not echo: that a message was taken is told by its answer or its counter.`,
        'A connection may be failed without a close frame (RFC 6455 §7.1.7 says SHOULD), as Autobahn allows.',
        ...failed.slice(0, 20),
      ],
    };
  },
};
