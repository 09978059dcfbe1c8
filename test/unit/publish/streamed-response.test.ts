// A response at the pace of its client: what is written, when the source is held, and how it ends.

import type { HttpResponse } from 'uWebSockets.js';
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { StreamedResponse } from '../../../engine/publish/streamed-response.ts';
import { eventually } from '../../support/live-engine.ts';

/** A client that takes what it is told to: `isOpen` is whether there is room. */
class FakeResponse {
  isOpen = true;
  written = '';
  isEnded = false;
  isCut = false;
  private resume: () => boolean = () => true;

  cork(work: () => void): void {
    work();
  }

  write(bytes: Uint8Array): boolean {
    this.written += Buffer.from(bytes).toString();
    return this.isOpen;
  }

  end(bytes: Uint8Array): void {
    this.written += Buffer.from(bytes).toString();
    this.isEnded = true;
  }

  close(): void {
    this.isCut = true;
  }

  onWritable(resume: () => boolean): void {
    this.resume = resume;
  }

  drain(): void {
    this.isOpen = true;
    this.resume();
  }
}

function responding(stallMs?: number) {
  const res = new FakeResponse();
  const source = new PassThrough();
  const abandoned: string[] = [];
  const abandon = (reason: string): void => void abandoned.push(reason);
  const options = stallMs === undefined ? { abandon } : { abandon, stallMs };
  return { res, source, abandoned, response: new StreamedResponse(res as unknown as HttpResponse, source, options) };
}

const text = (bytes: number): string => 'x'.repeat(bytes);
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

test('everything comes, in order, and then the end', async () => {
  const { res, source, response, abandoned } = responding();
  const all = Array.from({ length: 50_000 }, (_, i) => `${i}\n`).join('');
  source.end(all);
  await eventually('most of it', () => res.written.length > all.length - 5_000);
  response.end(null);
  assert.equal(res.written.length, all.length);
  assert.ok(res.written === all);
  assert.deepEqual([res.isEnded, res.isCut, abandoned], [true, false, []]);
});

test('a client without room holds the source, however much it has', async () => {
  const { res, source, response } = responding();
  res.isOpen = false;
  let given = 0;
  const feed = (): void => {
    for (let hasRoom = true; hasRoom && given < 10_000_000; given += 65_536) hasRoom = source.write(text(65_536));
  };
  source.on('drain', feed);
  feed();
  await turns();
  assert.ok(given < 500_000, `${given} bytes were taken from the source`);
  assert.ok(res.written.length < 200_000, `${res.written.length} bytes were handed to a client without room`);
  res.drain();
  await eventually('the rest', () => given >= 10_000_000);
  response.cut('over');
});

test('an end with a problem is no end: the connection is cut', async () => {
  const { res, source, response, abandoned } = responding();
  source.end('half');
  await turns();
  response.end('it ended early');
  assert.deepEqual([res.isEnded, res.isCut, abandoned], [false, true, ['it ended early']]);
});

test('a client that takes nothing for too long is cut', async () => {
  const { res, source, abandoned } = responding(1);
  res.isOpen = false;
  source.write(text(100_000));
  await eventually('the cut', () => res.isCut);
  assert.deepEqual(abandoned, ['the client took nothing for too long']);
});

test('the source is let go when the client leaves', async () => {
  const { res, source, response, abandoned } = responding();
  source.write('some');
  await turns();
  response.aborted();
  assert.deepEqual([source.destroyed, res.isEnded, abandoned], [true, false, ['the client has gone']]);
});
