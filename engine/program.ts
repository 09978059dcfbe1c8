// The commands of `millrace` with their options and help, and which file runs each.

import { availableParallelism } from 'node:os';
import { Command, Option } from 'commander';
import type { ConfigFlags } from './commands/config.ts';
import type { ExportFlags } from './commands/export.ts';
import type { RecordFlags } from './commands/record.ts';
import type { ReplayFlags } from './commands/replay.ts';
import type { ReportFlags } from './commands/report.ts';
import type { SimulateFlags } from './commands/simulate.ts';
import { loadSettings, unknownVariables } from './config.ts';
import type { LoadFlags } from './load/options.ts';
import { type FlagOption, settingOptions, sharedOptions } from './settings/flags.ts';
import { packageVersion } from './version.ts';

const each = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** Where the terminal is wider, lines are no easier to read. */
const HELP_COLUMNS_MAX = 100;

const EXIT_CODES = '0 as asked, 1 a failure, 2 wrong usage or configuration';

function addSettings(command: Command, options: readonly FlagOption[]): Command {
  for (const { flags, help, heading, read } of options) {
    const option = new Option(flags, help).helpGroup(heading);
    command.addOption(read === null ? option : option.argParser(read));
  }
  return command;
}

const CONFIG_HELP = 'YAML or JSON file of settings (also MILLRACE_CONFIG)';

/** Every setting that a flag can give; and the file of settings. */
function withSettings(command: Command): Command {
  return addSettings(command, settingOptions()).option('--config <file>', CONFIG_HELP);
}

/** What stands below the options: examples to paste, what comes of it, and exit codes. */
function withExamples(command: Command, examples: readonly string[], after = '', codes = EXIT_CODES): Command {
  const lines = examples.map((example) => `  ${example}\n`).join('');
  const words = after === '' ? '' : `\n${after}\n`;
  return command.addHelpText('after', `\nExamples:\n${lines}${words}\nExit codes: ${codes}.`);
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

/** Typing errors, which would otherwise do nothing silently. */
function warnOfVariables(): void {
  for (const warning of unknownVariables(process.env)) process.stderr.write(`millrace: warning: ${warning}\n`);
}

function addStart(root: Command): void {
  const command = withSettings(root.command('start'))
    .description('run the engine; without arguments on its synthetic feed')
    .action(async (flags: Record<string, unknown>) => {
      const { start } = await import('./commands/start.ts');
      warnOfVariables();
      process.exitCode = await start(loadSettings(flags, process.env));
      process.exit();
    });
  withExamples(
    command,
    [
      'millrace start',
      'millrace start --feed binance:BTCUSDT,ETHUSDT --feed kraken:BTC/USD',
      'millrace start --feed none --port 8080 --token-file token.txt',
      'millrace start --config millrace.yaml --journal journal',
    ],
    'Each option has a variable, MILLRACE_PORT of --port, and a key in the file, port. A flag beats the\n' +
      'variable, that the file, and that the default. docs/configuration.md tells when to change what.',
    '0 ended by a signal, 1 a failure or a forced end, 2 wrong usage or a port in use',
  );
}

function addReplay(root: Command): void {
  const command = root
    .command('replay')
    .argument('<file...>', 'recordings: journals (a folder or a segment), NDJSON sessions or frames, plain or gzip')
    .description('feed recordings through the engine and print the books, bars and hash they end in')
    .option('--venue <name>', 'dialect of the frames; journals tell it themselves')
    .option('--speed <factor>', '1 is as recorded, N times faster, or max', 'max')
    .option('--depth <levels>', 'levels a side in the result; 0 is every level', '20')
    .option('--workers <count>', 'shard threads', String(Math.max(1, availableParallelism() - 1)))
    .option('--json <file>', 'write everything as JSON')
    .option('--ndjson', 'print the messages that a subscriber would have got, one a line')
    .option('--from <time>', 'with --ndjson: the first moment shown, ISO 8601 or µs since 1970')
    .option('--to <time>', 'with --ndjson: the moment behind the last shown')
    .option('--markets <names>', 'with --ndjson: markets, or wildcards such as binance:*')
    .option('--channels <names>', 'with --ndjson: trade, book, bbo, bar.KIND, signal.NAME, status (trade,book)')
    .option('--config <file>', 'YAML or JSON file with these settings and patterns of markets');
  addSettings(command, sharedOptions(['bars', 'signals', 'signal', 'emptyBars', 'lateness'])).action(
    async (files: string[], flags: ReplayFlags) => {
      const { replay } = await import('./commands/replay.ts');
      process.exitCode = await replay(files, flags);
    },
  );
  withExamples(command, [
    'millrace replay --venue binance session.ndjson.gz',
    'millrace replay --venue kraken --bars 1m --json out.json a.ndjson b.ndjson',
    'millrace replay recording/',
    'millrace replay recording/ --ndjson --from 2026-11-22T10:00:00Z --channels trade,bar.1m',
  ]);
}

function addExport(root: Command): void {
  const command = root
    .command('export')
    .argument('[file...]', 'recordings: journals (a folder or a segment), NDJSON sessions or frames, plain or gzip')
    .description('write trades and bars of a running engine, or of recordings, into CSV or Parquet files')
    .option('--target <url>', 'a running engine, such as ws://127.0.0.1:9002 or wss:')
    .option('--token <secret>', 'token of the engine, with the role read (also MILLRACE_TOKEN)')
    .option('--out <folder>', 'folder of the files; one source each')
    .option('--format <name>', 'csv or parquet', 'parquet')
    .option('--channels <names>', 'trade, bar.KIND', 'trade,bar.1m')
    .option('--markets <names>', 'markets, or wildcards such as binance:*', '*')
    .option('--roll <when>', 'when a file ends and the next begins: a time, a size, or both', '1h,100MB')
    .option('--compression <name>', 'snappy (parquet), gzip or none; by default snappy in parquet, none in csv')
    .option('--from <time>', 'with FILE: the first moment, ISO 8601 or µs since 1970')
    .option('--to <time>', 'with FILE: the moment behind the last')
    .option('--venue <name>', 'with FILE: dialect of the frames; journals tell it themselves')
    .option('--config <file>', CONFIG_HELP);
  addSettings(command, sharedOptions(['emptyBars', 'lateness'])).action(async (files: string[], flags: ExportFlags) => {
    const { exportData } = await import('./commands/export.ts');
    process.exitCode = await exportData(files, flags);
    process.exit();
  });
  withExamples(
    command,
    [
      'millrace export --target ws://127.0.0.1:9002 --out data',
      'millrace export --target wss://engine.example:9002 --out data --channels trade --roll 15m',
      'millrace export recording/ --out data --channels trade,bar.1m',
      'millrace export --venue binance session.ndjson.gz --out data --format csv',
    ],
    'With --target it runs until a signal; started again it goes on where it ended: docs/export.md.',
  );
}

const RECORD_SETTINGS = ['feed', 'venueUrl', 'venueToken', 'venueProxy', 'venueCa', 'journalSync', 'logLevel'];

function addRecord(root: Command): void {
  const command = root
    .command('record')
    .description('record raw frames of venues, or of a running engine, into a journal, which replay reads')
    .option('--target <url>', 'a running engine with a journal, such as http://127.0.0.1:9002 or https:')
    .option('--token <secret>', 'with --target: token of the engine, with the role admin (also MILLRACE_TOKEN)')
    .option('--from <time>', 'with --target: where a new recording begins, ISO 8601 or µs; with all it has without')
    .option('--out <path>', 'folder of the recording; file of the lines with --convert')
    .option('--duration <duration>', 'such as 60s; until a signal without')
    .option('--format <name>', 'journal, or ndjson: session lines of each venue beside it', 'journal')
    .option('--convert <journal>', 'write a journal as NDJSON session lines; gzip where FILE ends in .gz')
    .option('--venue <name>', 'with --convert: whose frames, where the journal has several')
    .option('--journal-bytes <size>', 'keep the newest of the recording alone, such as 512MiB; all without')
    .option('--config <file>', CONFIG_HELP);
  addSettings(command, sharedOptions(RECORD_SETTINGS)).action(async (flags: RecordFlags) => {
    const { record } = await import('./commands/record.ts');
    warnOfVariables();
    process.exitCode = await record(flags);
    process.exit();
  });
  withExamples(
    command,
    [
      'millrace record --feed binance:BTCUSDT,ETHUSDT --out recording --duration 60s',
      'millrace record --feed kraken:BTC/USD --out recording --format ndjson',
      'millrace record --target http://127.0.0.1:9002 --out recording --duration 60s',
      'millrace record --convert recording --out session.ndjson.gz',
      'millrace replay recording',
    ],
    'It ends after --duration, or on a signal, with a summary on stdout. In a folder\nthat holds a recording it goes on.',
    '0 whole, 1 where something is missing, 2 wrong usage',
  );
}

function addSimulate(root: Command): void {
  const command = root
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
    .action(async (venue: string, flags: SimulateFlags) => {
      const { simulate } = await import('./commands/simulate.ts');
      process.exitCode = await simulate(venue, flags);
    });
  withExamples(command, [
    'millrace simulate binance',
    "millrace simulate kraken --port 9101 --markets 10 --faults 'gap=1,cut=0.1' --truth truth.ndjson",
    'millrace start --feed kraken:BTC/USD --venue-url kraken=ws://127.0.0.1:9101',
  ]);
}

function addLoad(root: Command): void {
  const command = withLoadOptions(root.command('load'))
    .description('open-loop load test of a running engine, or of one it starts itself, with a latency report')
    .action(async (flags: LoadFlags) => {
      const { load } = await import('./commands/load.ts');
      process.exitCode = await load(flags, process.argv.slice(2));
      process.exit();
    });
  withExamples(
    command,
    [
      'millrace load',
      "millrace load --rate 100000 --markets 200 --report out --threshold 'end-to-end.p99<5ms'",
      'millrace load --format flatbuffers --batch 256 --rate 1000000 --updates books',
      'millrace load --max --max-p99 5ms',
      'millrace load --target ws://10.0.0.5:9002 --token secret',
    ],
    'Without --threshold the floor holds: end-to-end.p99<50ms, counts.lost==0, process.rssGrowth<100MB,\n' +
      'run.achievedRate>=99%, generator.disconnects==0.',
    '0 within the thresholds, 1 where one fails, 2 wrong usage',
  );
}

function addReport(root: Command): void {
  const command = root
    .command('report')
    .argument('<dir...>', 'a run (a folder with report.json), or a folder of runs; several with spaces or commas')
    .description('print a load report; write its page again; compare the runs of two sides')
    .option('--html [file]', 'write the page again, beside report.json or to a file')
    .option('--json', 'print report.json, or the comparison as JSON')
    .option('--compare <dir>', 'compare with these runs, the later ones; exit 1 on a regression (repeatable)', each)
    .option('--force', 'compare runs of different work')
    .action(async (dirs: string[], flags: ReportFlags) => {
      const { report: tell } = await import('./commands/report.ts');
      process.exitCode = tell(dirs, flags);
    });
  withExamples(
    command,
    [
      'millrace report run-1',
      'millrace report run-1 --html',
      'millrace report before/ --compare after/',
      'millrace report a1,a2,a3,a4 --compare b1,b2,b3,b4 --json',
    ],
    '',
    '0 no regression, 1 a regression beyond the noise, 2 wrong usage or no report',
  );
}

function addBench(root: Command): void {
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
}

function addConfig(root: Command): void {
  const command = withSettings(root.command('config'))
    .description('print the settings that `start` would use, secrets hidden')
    .optionsGroup('What is printed:')
    .option('--format <name>', 'json or yaml (json; a table with --explain)')
    .option('--explain', 'where each value is from: flag, variable, line of the file, or default')
    .option('--check <file>', 'tell all that is wrong with a file, and nothing else; no flag or variable counts')
    .option('--schema', 'print the JSON Schema of the file, for editors')
    .action(async (flags: ConfigFlags) => {
      const { config } = await import('./commands/config.ts');
      process.exitCode = await config(flags, process.env);
    });
  withExamples(
    command,
    [
      'MILLRACE_PORT=8080 millrace config',
      'millrace config --explain --port 8080',
      'millrace config --format yaml > millrace.yaml',
      'millrace config --check millrace.yaml',
      'millrace config --schema > millrace.schema.json',
    ],
    '',
    '0 right, 2 where a setting is wrong',
  );
}

/** The whole command line. It throws CommanderErrors, and prints help alone. */
export function program(): Command {
  const root = new Command('millrace')
    .description('Real-time market-data engine: exchange frames in, exact books, bars and signals out')
    .version(packageVersion(), '-v, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(HELP_COLUMNS_MAX, process.stdout.columns ?? HELP_COLUMNS_MAX),
      getErrHelpWidth: () => Math.min(HELP_COLUMNS_MAX, process.stderr.columns ?? HELP_COLUMNS_MAX),
    });
  addStart(root);
  addReplay(root);
  addExport(root);
  addRecord(root);
  addSimulate(root);
  addLoad(root);
  addReport(root);
  addBench(root);
  addConfig(root);
  return withExamples(root, [
    'millrace start',
    'millrace start --feed binance:BTCUSDT --journal journal',
    'millrace replay --venue binance session.ndjson.gz',
    'millrace start --help',
  ]);
}
