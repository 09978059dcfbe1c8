// `millrace record --target`: the journal of a running engine, recorded over the network.

import { UsageError } from '../base/errors.ts';
import { INSTANT_WORDS, instantOf } from '../base/instants.ts';
import { settingsOf as clientSettings } from '../client/options.ts';
import type { Settings } from '../config.ts';
import { createLog, type Log } from '../observe/log.ts';
import { EngineRecorder, RefusedError } from '../recordings/record-engine.ts';

export type EngineFlags = { readonly target?: string; readonly token?: string; readonly from?: string };

const STATUS_MS_TERMINAL = 1_000;
const STATUS_MS_LOGGED = 10_000;

/** Null where the engine was not recorded to the end that was asked for: it was left at once. */
export type EngineRecorded = {
  readonly missed: number;
  readonly reconnects: number;
  readonly faults: readonly string[];
};

export type EngineRecordingOptions = {
  readonly folder: string;
  readonly settings: Settings;
  /** What is kept of the recording, the newest; null keeps all. */
  readonly bytesMax: number | null;
  readonly over: Promise<void>;
  /** A second signal. */
  readonly again: Promise<void>;
};

function fromOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const us = instantOf(text);
  if (us === null) throw new UsageError(`--from: expected ${INSTANT_WORDS}, was ${JSON.stringify(text)}`);
  return us;
}

function urlOf(target: string): string {
  try {
    return clientSettings({ url: target }, undefined).httpUrl;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message.replace('createClient: url:', '--target:'));
    throw error;
  }
}

function showStatus(recorder: EngineRecorder, log: Log): () => void {
  const { stderr } = process;
  const show = (): void => {
    const { bytes, missed, sequence, reconnects } = recorder;
    if (!stderr.isTTY) {
      log.info({ recordedBytes: bytes, lastEntry: sequence, missed, reconnects }, 'recording');
      return;
    }
    const lost = missed === 0 ? '' : `  ${missed} entries missed`;
    stderr.write(`\r\x1b[2Kentry ${sequence}  recorded ${(bytes / 1e6).toFixed(1)} MB${lost}`);
  };
  const timer = setInterval(show, stderr.isTTY ? STATUS_MS_TERMINAL : STATUS_MS_LOGGED);
  return () => {
    clearInterval(timer);
    if (stderr.isTTY) stderr.write('\n');
  };
}

/** Rejects with a UsageError where nothing could be recorded as asked. */
export async function recordEngine(flags: EngineFlags, options: EngineRecordingOptions): Promise<EngineRecorded> {
  const { folder, settings, bytesMax, over, again } = options;
  const url = urlOf(flags.target ?? '');
  const recorder = new EngineRecorder({
    ...{ url, folder, bytesMax, fromUs: fromOf(flags.from) },
    ...{ syncPolicy: settings.journalSync, syncMs: settings.journalSyncInterval },
    token: flags.token ?? process.env['MILLRACE_TOKEN'] ?? null,
    tell: (sentence) => void process.stderr.write(`millrace: ${sentence}\n`),
  });
  process.stderr.write(`millrace: recording ${url} to ${folder}\n`);
  const hide = showStatus(recorder, createLog(settings.logLevel));
  void over.then(() => recorder.stop());
  let isLeft = false;
  void again.then(() => {
    isLeft = true;
    recorder.stop(true);
  });
  const faults: string[] = [];
  try {
    await recorder.run();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    if (recorder.bytes === 0) throw new UsageError(`--target ${url}: ${error.message}`);
    faults.push(error.message);
  } finally {
    hide();
  }
  if (isLeft) faults.push('it was ended at once: what the engine had written by then may be missing');
  return { missed: recorder.missed, reconnects: recorder.reconnects, faults: [...recorder.faults, ...faults] };
}
