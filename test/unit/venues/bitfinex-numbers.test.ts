// How a connection to Bitfinex is followed: by its numbers, and with frames that come before their subscription.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangeFlag, FrameResult, LevelFlag, Side, StateReason } from '../../../schemas/ids.ts';
import type { MemoryRecord } from '../../support/memory-sink.ts';
import { BOOK, CONF, EVENTS, gapRecord, head, level, once, Peer, TRADES, tradeRecord } from './bitfinex-peer.ts';

const { applied, control, unknown } = FrameResult;

// ---- numbers of the connection

test('a jump tells every market with a book or trades of this connection, before the records of the frame', () => {
  const peer = new Peer([...EVENTS, TRADES.replace('11', '16').replaceAll('BTCUSD', 'ETHUSD')]);
  peer.all(['[10,[[1,1,1]],1]', '[16,[[5,1574694475039,1,1]],2]', '[12,[1,1,2,1],3]']);
  assert.deepEqual(peer.take('[10,[2,1,-1],6]').records, [
    gapRecord('tBTCUSD', StateReason.gap, 2),
    gapRecord('tETHUSD', StateReason.none, 2),
    head(ChangeFlag.hasSequence, 1, 6),
    level(LevelFlag.ask, '2', '1', 0, 0),
  ]);
  assert.deepEqual(peer.take('[10,"hb",8]'), {
    result: control,
    records: [gapRecord('tBTCUSD', StateReason.gap, 1), gapRecord('tETHUSD', StateReason.none, 1)],
  });
  assert.deepEqual([peer.decoder.gaps, peer.decoder.duplicates], [2, 0]);
});

test('an old frame is dropped whole and counted', () => {
  const peer = new Peer();
  peer.all(['[10,[[1,1,1]],4]', '[10,[2,1,-1],5]']);
  for (const old of ['[10,[3,1,-1],5]', '[10,[3,1,-1],2]', '[11,"te",[20,1574694475039,-2,5],5]', '[10,"hb",3]']) {
    assert.deepEqual(peer.take(old), { result: applied, records: [] }, old);
  }
  assert.deepEqual([peer.decoder.gaps, peer.decoder.duplicates], [0, 4]);
});

test('a refused frame leaves a hole that the next frame shows', () => {
  const peer = new Peer();
  peer.take('[10,[[1,1,1]],1]');
  assert.equal(peer.take('[10,[2,1,"-1"],2]').result, FrameResult.type);
  assert.deepEqual(peer.take('[10,[2,1,-1],3]').records[0], gapRecord('tBTCUSD', StateReason.gap, 1));
});

test('frames without numbers are taken as they come, with a time where that was asked for', () => {
  const plain = new Peer([CONF.replace('65536', '0'), BOOK]);
  plain.take('[10,[[1,1,1]]]');
  assert.deepEqual(plain.take('[10,[2,1,-1],99]').records[0], head(0, 1, 0));
  assert.deepEqual(plain.take('[10,"hb"]'), { result: control, records: [] });
  const timed = new Peer([CONF.replace('65536', '98304'), BOOK]);
  assert.deepEqual(
    timed.take('[10,[[2,1,-1]],1,1574694478808]').records[0],
    head(ChangeFlag.snapshot | ChangeFlag.hasSequence, 1, 1, 'tBTCUSD', 1_574_694_478_808_000),
  );
  const onlyTimed = new Peer([CONF.replace('65536', '32768'), BOOK]);
  assert.deepEqual(
    onlyTimed.take('[10,[2,1,-1],1574694478808]').records[0],
    head(0, 1, 0, 'tBTCUSD', 1_574_694_478_808_000),
  );
});

test('where no conf was seen, the frame itself tells', () => {
  const peer = new Peer([BOOK]);
  assert.deepEqual(peer.take('[10,[2,1,-1]]').records[0], head(0, 1, 0));
  assert.deepEqual(peer.take('[10,[2,1,-1],7]').records[0], head(ChangeFlag.hasSequence, 1, 7));
  assert.deepEqual(
    peer.take('[10,[2,1,-1],8,1574694478808]').records[0],
    head(ChangeFlag.hasSequence, 1, 8, 'tBTCUSD', 1_574_694_478_808_000),
  );
  assert.deepEqual([peer.decoder.gaps, peer.decoder.duplicates], [0, 0]);
});

test('elements that are appended, and white space, change nothing', () => {
  const frames: [string, string][] = [
    ['[10,[[1,1,1]],1]', '[10,[[1,1,1,"x"]],1,"new",{"a":[2]}]'],
    ['[10,[1,1,1],1]', ' [\t10 , [ 1 , 1 , 1 , null ] ,\n1 , [3] ] '],
    ['[11,"te",[20,1574694475039,-2,5],1]', '[11,"te",[20,1574694475039,-2,5,7],1,true]'],
    ['[12,[1,1,2,1],1]', '[12,[1,1,2,1,0,0,0,0,0,0,null],1]'],
    ['[13,[1574698260000,1,1,1,1,1],1]', '[13,[1574698260000,1,1,1,1,1,"x"],1]'],
  ];
  for (const [plain, longer] of frames) assert.deepEqual(once(longer), once(plain), longer);
});

// ---- frames before their subscription

test('frames before their subscription are kept and decoded with it, in their order', () => {
  const frames = ['[10,[[1,1,1]],1]', '[11,"te",[20,1574694475039,-2,5],2]', '[10,"hb",3]', '[10,[2,1,-1],4]'];
  const early = new Peer([CONF]);
  for (const frame of frames) assert.deepEqual(early.take(frame), { result: control, records: [] }, frame);
  assert.deepEqual(early.sink.symbols, []);
  assert.deepEqual(early.take(BOOK), {
    result: control,
    records: [
      head(ChangeFlag.snapshot | ChangeFlag.hasSequence, 1, 1),
      level(0, '1', '1', 0, 0),
      head(ChangeFlag.hasSequence, 1, 4),
      level(LevelFlag.ask, '2', '1', 0, 0),
    ],
  });
  assert.deepEqual(early.take(TRADES).records, [tradeRecord(20, Side.sell)]);
  assert.deepEqual(early.take('[11,"tu",[20,1574694475039,-2,5],5]').records, []);
  assert.deepEqual([early.decoder.gaps, early.take(BOOK).records], [0, []]);
});

test('kept frames are decoded once, also where numbers are not asked for', () => {
  const peer = new Peer([]);
  peer.take('[10,[[1,1,1]]]');
  const takeAsSession = (frame: string): MemoryRecord[] => {
    const bytes = Uint8Array.from(Buffer.from(frame));
    peer.sink.begin();
    assert.equal(peer.decoder.decodeInOrder(new DataView(bytes.buffer), 0, bytes.length), 0);
    return peer.take(frame).records;
  };
  assert.equal(takeAsSession(BOOK).length, 2);
  assert.deepEqual(takeAsSession(BOOK), []);
});

test('a kept frame that is no frame of its channel refuses the subscription once, and the loss is told', () => {
  const peer = new Peer([CONF]);
  peer.all(['[10,[[1,1,1]],1]', '[10,[2,"1",-1],2]']);
  assert.deepEqual(peer.take(BOOK), { result: FrameResult.type, records: [] });
  assert.deepEqual(peer.take('[10,[3,1,1],3]').records, [
    gapRecord('tBTCUSD', StateReason.gap, 0),
    head(ChangeFlag.hasSequence, 1, 3),
    level(0, '3', '1', 0, 0),
  ]);
  assert.equal(peer.take('[10,[3,1,1],4]').records.length, 2);
});

test('what is kept is bounded; what had to go is told as a loss', () => {
  const peer = new Peer([CONF]);
  const long = `[10,[[1,1,1]${',[1,1,1]'.repeat(40_000)}],`;
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((number) => peer.take(`${long}${number}]`).result),
    [control, control, control, unknown, unknown],
  );
  assert.deepEqual(peer.take(BOOK), { result: control, records: [] });
  assert.deepEqual(peer.take('[10,[3,1,1],6]').records[0], gapRecord('tBTCUSD', StateReason.gap, 0));
  const many = new Peer([CONF]);
  const results = Array.from({ length: 70 }, (_, index) => many.take(`[${100 + index},[1,1,1],${index + 1}]`).result);
  assert.deepEqual([results.indexOf(unknown), results.lastIndexOf(control)], [64, 63]);
});

test('a channel that has ended is unknown until it is subscribed again', () => {
  const peer = new Peer();
  peer.take('[10,[[1,1,1]],1]');
  peer.take('{"event":"unsubscribed","status":"OK","chanId":10}');
  assert.deepEqual(peer.take('[10,[2,1,1],2]'), { result: control, records: [] });
  assert.deepEqual(peer.take(BOOK).records.length, 2);
  assert.deepEqual(peer.take('[10,[[5,1,1]],3]').records[1], level(0, '5', '1', 0, 0));
});
