// The Python examples against a real engine: they print what was pushed, and their book is the engine's, checked.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Client, eventually, freePort, LiveEngine } from '../support/live-engine.ts';
import { CuttingProxy } from '../torture/cutting-proxy.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples/python');
const NAMED = { exchange: 'demo', symbol: 'A', timestamp: '2026-01-01T00:00:01.000002Z' };

/** Debian's own Python, whose packages .ci/packages installs. */
class Program {
  output = '';
  errors = '';
  private readonly child: ChildProcess;

  constructor(name: string, args: readonly string[], port: number, more: NodeJS.ProcessEnv = {}) {
    const env = { PYTHONDONTWRITEBYTECODE: '1', MILLRACE_URL: `ws://127.0.0.1:${port}`, ...more };
    this.child = spawn('/usr/bin/python3', [join(EXAMPLES, name), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk) => {
      this.output += chunk;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.errors += chunk;
    });
  }

  prints(text: RegExp): Promise<RegExpExecArray> {
    return eventually(`${text} in the output`, () => {
      assert.equal(this.child.exitCode, null, this.errors);
      return text.exec(this.output);
    });
  }

  async ends(): Promise<number | null> {
    return eventually('the end of the program', () =>
      this.child.exitCode === null ? null : { code: this.child.exitCode },
    ).then(({ code }) => code);
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}

function pushBook(producer: Client, levels: number): void {
  const side = (sign: number): { price: string; amount: string }[] =>
    Array.from({ length: levels }, (_, rank) => ({ price: String(10_000 + sign * (1 + rank)), amount: '0.00000001' }));
  producer.send({ type: 'book_snapshot', ...NAMED, bids: side(-1), asks: side(1) });
}

function pushChange(producer: Client, amount: number): void {
  const bids = [{ price: '9999', amount: String(amount / 8) }];
  producer.send({ type: 'book_change', ...NAMED, isSnapshot: false, bids, asks: [] });
}

async function withEngine(run: (live: LiveEngine, producer: Client) => Promise<void>): Promise<void> {
  const live = await LiveEngine.start();
  const producer = await live.producer('json');
  try {
    await run(live, producer);
  } finally {
    await producer.close();
    await live.stop();
  }
}

test('read_trades.py prints each trade with exact numbers, and says what is refused', async () => {
  await withEngine(async (live, producer) => {
    pushBook(producer, 1);
    await live.book('demo:A', 1);
    const program = new Program('read_trades.py', ['demo:A'], live.engine.port);
    const refused = new Program('read_trades.py', ['no:SUCH'], live.engine.port);
    try {
      let id = 0;
      const line = eventually('a trade printed', () => {
        const trade = { type: 'trade', ...NAMED, id: String(++id), price: '97018.190000000000000001', amount: '1000' };
        producer.send({ ...trade, side: 'sell' });
        return /^.*\n/.exec(program.output);
      });
      assert.equal((await line)[0], '00:00:01.000002 demo:A sell 97018.190000000000000001 1000\n', program.errors);
      assert.equal(await refused.ends(), 1);
      assert.match(refused.errors, /^trade\.no:SUCH: expected a known market, was "no:SUCH"/);
    } finally {
      program.stop();
      refused.stop();
    }
  });
});

test('follow_book.py keeps a verified book through cuts, whole books in parts among them', async () => {
  await withEngine(async (live, producer) => {
    const proxy = new CuttingProxy(live.engine.port);
    const program = new Program('follow_book.py', ['demo:A'], await proxy.listen());
    try {
      pushBook(producer, 900);
      await live.book('demo:A', 1);
      await program.prints(/^live seq 1 bid 0\.00000001 @ 9999 ask 0\.00000001 @ 10001 900\+900 levels verified 1/m);
      for (let seq = 2; seq <= 40; seq++) {
        pushChange(producer, seq);
        if (seq % 15 === 0) {
          await live.book('demo:A', seq);
          proxy.drop();
        }
      }
      // It prints once a second, with what came since.
      await eventually('the last change printed', () => {
        pushChange(producer, 41);
        return /^live seq (4[1-9]|[5-9]\d|\d{3,}) bid 5\.125 @ 9999/m.test(program.output);
      });
      const [, verified, broken] = await program.prints(/verified (\d+) broken (\d+)\n$/);
      assert.ok(Number(verified) > 30, program.output);
      assert.equal(broken, '0');
    } finally {
      program.stop();
      proxy.close();
    }
  });
});

test('without an engine each attempt is one line, and a refused token ends the program', async () => {
  const live = await LiveEngine.start({ token: 'a-token-of-some-length' });
  const stranger = new Program('follow_book.py', ['demo:A'], live.engine.port, { MILLRACE_TOKEN: 'another' });
  const lonely = new Program('read_trades.py', ['demo:A'], await freePort());
  try {
    assert.equal(await stranger.ends(), 1);
    assert.equal(stranger.errors, 'MILLRACE_TOKEN: expected a token with the role read, it was refused\n');
    await eventually('two attempts', () => lonely.errors.split('\n').length > 2);
    for (const line of lonely.errors.trimEnd().split('\n'))
      assert.match(line, /^no connection to ws:.*; again in \S+ s$/);
  } finally {
    stranger.stop();
    lonely.stop();
    await live.stop();
  }
});
