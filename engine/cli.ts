#!/usr/bin/env node
// Commands and flags of `millrace`, nothing else.

import { availableParallelism } from 'node:os';
import { Command, CommanderError } from 'commander';
import { UsageError } from './base/errors.ts';
import { splitSignals } from './base/signal-specs.ts';
import type { RecordFlags } from './commands/record.ts';
import type { ReplayFlags } from './commands/replay.ts';
import type { ReportFlags } from './commands/report.ts';
import type { SimulateFlags } from './commands/simulate.ts';
import { loadSettings, withoutSecrets } from './config.ts';
import type { LoadFlags } from './load/options.ts';

const EXIT_USAGE = 2;
const EXIT_FAILED = 1;

const list = (value: string, before: string[] | undefined): string[] => [...(before ?? []), ...value.split(',')];
const each = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

function withSettings(command: Command): Command {
  return command
    .option('--feed <name>', 'synthetic, none or VENUE:SYMBOL[,SYMBOL] (repeatable)', list)
    .option('--venue-url <venue=url>', 'a simulator or proxy in place of a venue (repeatable)', list)
    .option('--venue-token <venue=token>', 'sent to a venue or relay that wants one (repeatable)', list)
    .option('--venue-proxy <url>', 'HTTP proxy for all venues')
    .option('--venue-ca <file>', 'certificates (PEM) to trust for venues')
    .option('--breaker-failures <count>', 'failures in a row that open the breaker of a connection (5)')
    .option('--breaker-retries <count>', 'attempts after that before it is given up for a minute (10)')
    .option('--host <address>', 'address of both ports (127.0.0.1)')
    .option('--port <number>', 'stream, HTTP and dashboard (9002); 0 takes any free one')
    .option('--ingest-port <number>', 'pushed frames (9001); 0 takes any free one')
    .option('--workers <count>', 'shard threads (cores - 1, at least 1)')
    .option('--markets-max <count>', 'markets at most (16384)')
    .option('--bars <kinds>', 'bar kinds: 1s, 1m, 100t, 10v, 1000n, 5r, 50ti … (1s,1m)', list)
    .option('--signals <names>', 'signals such as imbalance, rsi(14)@5m or rsi(14)@1m>70', splitSignals)
    .option('--signal <file>', 'a signal of your own, TypeScript or JavaScript (repeatable)', list)
    .option('--empty-bars <how>', 'intervals without trades: skip, flat or null (skip)')
    .option('--lateness <duration>', 'how late a trade may revise its bar (10s)')
    .option('--stale-after <duration>', 'silence after which a book may be stale; 0 never (60s)')
    .option('--token <secret>', 'required of everyone who pushes or reads')
    .option('--token-file <file>', 'the same, from a file, so that no list of processes shows it')
    .option('--role-token <role=secret>', 'for ingest, read or admin alone, or ROLE+ROLE (repeatable)', each)
    .option('--role-token-file <role=file>', 'the same, from a file (repeatable)', list)
    .option('--insecure', 'listen beyond this machine without any token')
    .option('--origin <origin>', 'pages of it may read too, such as https://market.example (repeatable)', list)
    .option('--tls-cert <file>', 'PEM certificate and its chain: both ports speak TLS')
    .option('--tls-key <file>', 'PEM key of the certificate')
    .option('--tls-passphrase-file <file>', 'passphrase of the key')
    .option('--journal <dir>', 'write all input down here, and begin from what is there')
    .option('--journal-sync <policy>', 'when the disk is waited for: none, interval or always (interval)')
    .option('--journal-sync-interval <duration>', 'with interval: how often (1s)')
    .option('--journal-bytes <size>', 'the journal keeps at most this much, such as 512MiB (4GiB)')
    .option('--journal-age <duration>', 'and at most this long (24h)')
    .option('--checkpoint-interval <duration>', 'how often the state is written down beside the journal (10s)')
    .option(
      '--dead-letter <file>',
      "frames that could not be decoded, as NDJSON (dead-letter.ndjson of the journal's folder)",
    )
    .option('--connections-max <count>', 'producers, and subscribers, open at once; 0 is no limit (4096)')
    .option('--connections-per-address <count>', 'the same of one address; 0 is no limit (0)')
    .option('--frames-per-second <count>', 'of one producer, closed above it; 0 is no limit (0)')
    .option('--bytes-per-second <size>', 'of one producer, such as 10MiB; 0 is no limit (0)')
    .option('--requests-per-second <count>', 'of one subscriber; 0 is no limit (100)')
    .option('--shutdown-timeout <duration>', 'time to drain, such as 10s')
    .option('--rate <updates>', 'updates per second of the synthetic feed (1000)')
    .option('--seed <number>', 'seed of the synthetic feed (1)')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent (info)')
    .option('--config <file>', 'JSON file with these settings');
}

function withLoadOptions(command: Command): Command {
  return command
    .option('--rate <updates>', 'updates per second over all markets; with --max where the search begins (1000)')
    .option('--markets <count>', 'markets, the first most often (50)')
    .option('--connections <count>', 'producer connections (4)')
    .option('--duration <duration>', 'measured time (30s)')
    .option('--warmup <duration>', 'time before it, which is not measured (5s)')
    .option('--profile <name>', 'steady, burst (each second in its first tenth) or ramp (steady)')
    .option('--format <name>', 'native, json or flatbuffers: the form of the frames (native)')
    .option(
      '--dialect <venue>',
      'the venue of native frames (binance), or the venue that json and flatbuffers name (load)',
    )
    .option('--updates <kind>', 'mixed, trades or books (mixed)')
    .option('--batch <updates>', 'updates per frame of json and flatbuffers (1)')
    .option('--seed <number>', 'seed of what is sent (1)')
    .option('--subscribers <count>', 'subscribers of all markets; 0 is none (1)')
    .option('--encoding <name>', 'what subscribers ask for: json or flatbuffers (json)')
    .option('--generators <count>', 'generator threads or processes (1)')
    .option('--generator <kind>', 'where generators and subscribers run: thread or process (thread)')
    .option('--workers <count>', 'shard threads of the engine that the test starts')
    .option('--max', 'find the highest rate that is sustained')
    .option('--max-p99 <duration>', 'bound of the end-to-end p99 with --max (5ms)')
    .option('--target <url>', 'test this running engine, such as ws://HOST:9002 or wss:, and not one of its own')
    .option('--ingest-target <url>', "its ingest port, where that is not one below the target's")
    .option('--token <secret>', 'token of the engine (also MILLRACE_TOKEN)')
    .option('--report <dir>', 'write report.txt, report.json, report.html and one .hgrm for each stage')
    .option('--threshold <limit>', "such as 'end-to-end.p99<50ms' (repeatable)", each);
}

function withRecordOptions(command: Command): Command {
  return command
    .option('--feed <name>', 'VENUE:SYMBOL[,SYMBOL] (repeatable)', list)
    .option('--out <path>', 'folder of the recording; file of the lines with --convert')
    .option('--duration <duration>', 'such as 60s; until a signal without')
    .option('--format <name>', 'journal, or ndjson: session lines of each venue beside it', 'journal')
    .option('--convert <journal>', 'write a journal as NDJSON session lines; gzip where FILE ends in .gz')
    .option('--venue <name>', 'with --convert: whose frames, where the journal has several')
    .option('--venue-url <venue=url>', 'a simulator or proxy in place of a venue (repeatable)', list)
    .option('--venue-token <venue=token>', 'sent to a venue or relay that wants one (repeatable)', list)
    .option('--venue-proxy <url>', 'HTTP proxy for all venues')
    .option('--venue-ca <file>', 'certificates (PEM) to trust for venues')
    .option('--journal-bytes <size>', 'keep the newest of the recording alone, such as 512MiB; all without')
    .option('--journal-sync <policy>', 'when the disk is waited for: none, interval or always (interval)')
    .option('--log-level <level>', 'trace, debug, info, warn, error or silent (info)')
    .option('--config <file>', 'JSON file with these settings');
}

function program(): Command {
  const root = new Command('millrace')
    .description('Real-time market-data engine: exchange frames in, exact books, bars and signals out')
    .addHelpText('after', '\nExamples:\n  millrace start\n  millrace replay --venue binance session.ndjson.gz\n')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  const startCommand = withSettings(root.command('start'))
    .description('run the engine; without arguments on its synthetic feed')
    .addHelpText(
      'after',
      '\nExamples:\n  millrace start\n  millrace start --feed none --port 8080 --token secret\n  millrace start --feed binance:BTCUSDT,ETHUSDT --feed kraken:BTC/USD\n',
    )
    .action(async (flags: Record<string, unknown>) => {
      const { start } = await import('./commands/start.ts');
      process.exitCode = await start(loadSettings(flags, process.env));
      process.exit();
    });
  const replayCommand = root
    .command('replay')
    .argument('<file...>', 'recordings: journals (a folder or a segment), NDJSON sessions or frames, plain or gzip')
    .description('feed recordings through the engine and print the books, bars and hash they end in')
    .option('--venue <name>', 'dialect of the frames; journals tell it themselves')
    .option('--speed <factor>', '1 is as recorded, N times faster, or max', 'max')
    .option('--depth <levels>', 'levels a side in the result; 0 is every level', '20')
    .option('--bars <kinds>', 'bar kinds, as for start (1s,1m)')
    .option('--signals <names>', 'signals, as for start')
    .option('--signal <file>', 'a signal of your own (repeatable)', list)
    .option('--empty-bars <how>', 'intervals without trades: skip, flat or null (skip)')
    .option('--lateness <duration>', 'how late a trade may revise its bar (10s)')
    .option('--config <file>', 'JSON file with these settings and patterns of markets')
    .option('--workers <count>', 'shard threads', String(Math.max(1, availableParallelism() - 1)))
    .option('--json <file>', 'write everything as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  millrace replay --venue binance session.ndjson.gz\n  millrace replay --venue kraken --bars 1m --json out.json a.ndjson b.ndjson\n  millrace replay recording/\n',
    )
    .action(async (files: string[], flags: ReplayFlags) => {
      const { replay } = await import('./commands/replay.ts');
      process.exitCode = await replay(files, flags);
    });
  const recordCommand = withRecordOptions(root.command('record'))
    .description('record raw frames of venues into a journal, which replay reads')
    .addHelpText(
      'after',
      '\nExamples:\n  millrace record --feed binance:BTCUSDT,ETHUSDT --out recording --duration 60s\n  millrace record --feed kraken:BTC/USD --out recording --format ndjson\n  millrace record --convert recording --out session.ndjson.gz\n  millrace replay recording\n\nIt ends after --duration, or on a signal, with a summary on stdout. Exit code 1 where something is missing.\n',
    )
    .action(async (flags: RecordFlags) => {
      const { record } = await import('./commands/record.ts');
      process.exitCode = await record(flags);
      process.exit();
    });
  const simulateCommand = root
    .command('simulate')
    .argument('<venue>', 'whose protocol to speak, such as binance or kraken')
    .description("run a local venue that speaks a venue's protocol, with seeded faults and a truth log")
    .option('--host <address>', 'address of the port', '127.0.0.1')
    .option('--port <number>', 'sockets, REST and /sim/; 0 takes any free one', '9100')
    .option('--markets <count>', 'markets', '50')
    .option('--rate <events>', 'trades and book changes per second, over all markets', '100')
    .option('--seed <number>', 'seed of markets and faults', '1')
    .option('--levels <count>', 'levels a side of each book, about', '200')
    .option('--faults <plan>', 'rates by kind, such as gap=1,duplicate=2,cut=0.1 (per 1,000 frames)')
    .option('--limits-scale <factor>', "windows of the venue's limits are shorter by this", '1')
    .option('--truth <file>', 'write every true change, trade and fault as NDJSON')
    .option('--recording <file>', 'serve the frames of a recording instead of synthetic markets')
    .option('--speed <factor>', 'pace of a recording; 1 is as recorded', '1')
    .option('--tls-key <file>', 'PEM key, to serve wss and https')
    .option('--tls-cert <file>', 'PEM certificate')
    .addHelpText(
      'after',
      "\nExamples:\n  millrace simulate binance\n  millrace simulate kraken --port 9101 --markets 10 --faults 'gap=1,corrupt=1,cut=0.1' --truth truth.ndjson\n",
    )
    .action(async (venue: string, flags: SimulateFlags) => {
      const { simulate } = await import('./commands/simulate.ts');
      process.exitCode = await simulate(venue, flags);
    });
  const loadCommand = withLoadOptions(root.command('load'))
    .description('open-loop load test of a running engine, or of one it starts itself, with a latency report')
    .addHelpText(
      'after',
      "\nExamples:\n  millrace load\n  millrace load --rate 100000 --markets 200 --report out --threshold 'end-to-end.p99<5ms' --threshold 'counts.lost==0'\n  millrace load --format flatbuffers --batch 256 --rate 1000000 --updates books\n  millrace load --max --max-p99 5ms\n  millrace load --target ws://10.0.0.5:9002 --token secret\n\nWithout --threshold the floor holds: end-to-end.p99<50ms, counts.lost==0, process.rssGrowth<100MB,\nrun.achievedRate>=99%, generator.disconnects==0. Exit code 1 when one fails.\n",
    )
    .action(async (flags: LoadFlags) => {
      const { load } = await import('./commands/load.ts');
      process.exitCode = await load(flags, process.argv.slice(2));
      process.exit();
    });
  const reportCommand = root
    .command('report')
    .argument('<dir...>', 'a run (a folder with report.json), or a folder of runs; several with spaces or commas')
    .description('print a load report; write its page again; compare the runs of two sides')
    .option('--html [file]', 'write the page again, beside report.json or to a file')
    .option('--json', 'print report.json, or the comparison as JSON')
    .option('--compare <dir>', 'compare with these runs, the later ones; exit 1 on a regression (repeatable)', each)
    .option('--force', 'compare runs of different work')
    .addHelpText(
      'after',
      '\nExamples:\n  millrace report run-1\n  millrace report run-1 --html\n  millrace report before/ --compare after/\n  millrace report a1,a2,a3,a4 --compare b1,b2,b3,b4 --json\n',
    )
    .action(async (dirs: string[], flags: ReportFlags) => {
      const { report: tell } = await import('./commands/report.ts');
      process.exitCode = tell(dirs, flags);
    });
  root
    .command('bench')
    .argument('[suite...]', 'suites and options of `npm run bench`; --help lists them')
    .description('benchmark suites, with peers side by side in the same run')
    .helpOption(false)
    .allowUnknownOption()
    .action(async () => {
      const { bench } = await import('./commands/bench.ts');
      process.exitCode = await bench(process.argv.slice(3));
    });
  const configCommand = withSettings(root.command('config'))
    .description('print the settings that `start` would use, secrets hidden')
    .addHelpText('after', '\nExamples:\n  MILLRACE_PORT=8080 millrace config\n')
    .action((flags: Record<string, unknown>) => {
      process.stdout.write(`${JSON.stringify(withoutSecrets(loadSettings(flags, process.env)), null, 2)}\n`);
    });
  for (const command of [
    startCommand,
    replayCommand,
    recordCommand,
    simulateCommand,
    loadCommand,
    reportCommand,
    configCommand,
  ])
    command.exitOverride().configureOutput({ writeErr: () => undefined });
  return root;
}

/** An option misspelt may be one with a secret: `--tokn=SECRET`. */
const withoutValue = (sentence: string): string => sentence.replace(/'(--?[\w-]+)=[^']*'/, "'$1'");

/** One clear sentence on stderr and exit code 2 for wrong usage; anything else is a failure of ours. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    process.stderr.write(`millrace: ${withoutValue(error.message.replace(/^error: /, ''))}\n`);
    return EXIT_USAGE;
  }
  if (error instanceof UsageError) {
    process.stderr.write(`millrace: ${error.message}\n`);
    return EXIT_USAGE;
  }
  process.stderr.write(`millrace: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_FAILED;
}

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = report(error);
  if (process.exitCode !== 0) process.exit();
}
