// The command line: runs what is asked for, and tells what is wrong in one sentence with its exit code.

import { CommanderError } from 'commander';
import { UsageError } from './base/errors.ts';
import { program } from './program.ts';
import { nearestOf } from './settings/names.ts';
import { SETTINGS } from './settings/schema.ts';

const EXIT_USAGE = 2;
const EXIT_FAILED = 1;

/** An option misspelt may be one with a secret: `--tokn=SECRET`. The parser finds no like of it either. */
function withoutValue(sentence: string): string {
  const found = /^unknown option '(--?[\w-]+)=/.exec(sentence);
  if (found === null) return sentence;
  const nearest = nearestOf(
    found[1],
    SETTINGS.flatMap(({ flag }) => flag ?? []),
  );
  return `unknown option '${found[1]}'${nearest === null ? '' : ` (Did you mean ${nearest}?)`}`;
}

/** The parser's hint stands on a line of its own. */
const inOneLine = (text: string): string => text.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');

/** Without a command help stands on stderr already: nothing was done. */
function reportUsage({ code, message }: CommanderError): number {
  if (code !== 'commander.help') process.stderr.write(`millrace: ${withoutValue(inOneLine(message))}\n`);
  return EXIT_USAGE;
}

/** One clear sentence on stderr and exit code 2 for wrong usage; anything else is a failure of ours. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : reportUsage(error);
  if (error instanceof UsageError) {
    process.stderr.write(`millrace: ${error.message}\n`);
    return EXIT_USAGE;
  }
  process.stderr.write(`millrace: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_FAILED;
}

/** Who reads the output, as `head`, may go before its end; a full disk may take none of it. */
function outliveOutput(): void {
  // Nobody is left to be told, and what a command is for goes on: an engine does not end with the reader of its log.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      process.stderr.write(`millrace: stdout: ${error.message}\n`);
      process.exitCode = EXIT_FAILED;
    }
    // What it would go on to print is all that it does.
    if (process.argv[2] === 'replay') process.exit();
  });
}

outliveOutput();
try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = report(error);
  if (process.exitCode !== 0) process.exit();
}
