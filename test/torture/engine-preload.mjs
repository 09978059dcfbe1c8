// Loaded ahead of an engine under torture, in each of its threads: ends shards on order, lets trades with certain ids do
// harm, slows shards down, and spoils the disk. Plain JavaScript, so that no thread of the engine needs a loader.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const DIST = new URL('../../dist/', import.meta.url);
const { TORTURE_PATIENT, TORTURE_SLOW_NS, TORTURE_DISK, TORTURE_SHAPES } = process.env;
const load = (path) => import(new URL(path, DIST).href);

// ---- main thread: orders by messages of the parent

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends one thread of the pool as a crash would, and tells when that was noticed and when its shard was back. */
async function terminate(pool, isSpared) {
  const threads = pool.piscina.threads.filter((thread) => !isSpared(thread));
  const thread = threads[Math.floor(Math.random() * threads.length)];
  const others = new Set(pool.piscina.threads.filter((each) => each !== thread));
  const before = pool.deathCounts.report();
  const killedAtMs = performance.now();
  isOrdered = true;
  void thread.terminate();
  const total = (counts) => Object.values(counts).reduce((sum, count) => sum + count, 0);
  while (total(pool.deathCounts.report()) === total(before)) await sleep(1);
  const death = pool.deaths.at(-1);
  const noticedMs = death.atMs - killedAtMs;
  while (death.recoveredMs === null && pool.deaths.at(-1) === death) await sleep(1);
  isOrdered = false;
  const { shard, kind, recoveredMs, isRebuilt } = death;
  return {
    others,
    told: { op: 'back', shard, kind, noticedMs, recoveredMs, isRebuilt, totalMs: performance.now() - killedAtMs },
  };
}

/**
 * An order comes from outside: nothing the shard did is the reason, and no record is suspected, as where an operator ends
 * it. The pool itself notices by the end of the thread alone.
 */
let isOrdered = false;
const fromOutside = (recoverer) => ({
  died: (shard, death) => recoverer.died(shard, isOrdered ? { ...death, kind: 'ended' } : death),
  recover: (shard) => recoverer.recover(shard),
});

/** A full collection of this thread's heap. The flag gives new contexts the function, and changes nothing else. */
function collect() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

async function obey() {
  const { ShardPool } = await load('engine/pool/pool.js');
  const { start } = ShardPool;
  ShardPool.start = async (memory, options) => {
    const rules = TORTURE_PATIENT === undefined ? {} : { rules: { restartsMax: 1e9, calmMs: 0 } };
    const recoverer = options.recoverer && fromOutside(options.recoverer);
    const pool = await start.call(ShardPool, memory, { ...options, recoverer, ...rules });
    let spared = new Set();
    process.on('message', async ({ op, sparesOthers }) => {
      if (op === 'resources') process.send({ op, counts: countsOf(process.getActiveResourcesInfo()) });
      if (op === 'collect') {
        collect();
        process.send({ op });
      }
      if (op !== 'terminate') return;
      const { others, told } = await terminate(pool, (thread) => sparesOthers && spared.has(thread));
      spared = others;
      process.send(told);
    });
    process.channel?.unref();
    return pool;
  };
}

function countsOf(names) {
  const counts = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

// ---- shards: trades that do harm

const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
const deeper = (depth) => 1 + deeper(depth + 1);
const HARM = {
  900001: () => {
    throw new Error('ordered to throw');
  },
  900002: () => void Promise.reject(new Error('ordered to reject')),
  900003: () => process.exit(7),
  900004: () => {
    for (const kept = []; ; ) kept.push(new Array(10_000).fill(0.5));
  },
  900005: () => deeper(0),
  900006: () => {
    for (;;);
  },
  900007: () => pause(1_500),
  900008: () => pause(30_000),
  900009: () => pause(5_000),
};

function spin(ns) {
  const until = process.hrtime.bigint() + BigInt(ns);
  while (process.hrtime.bigint() < until);
}

async function spoilTrades() {
  const { Market } = await load('workers/market.js');
  const { trade } = await load('schemas/market-data.js');
  const { SLOT_F64 } = await load('schemas/layout.js');
  const slowNs = Number(TORTURE_SLOW_NS ?? 0);
  for (const name of ['applyTrade', 'applyRun']) {
    const apply = Market.prototype[name];
    Market.prototype[name] = function (u8, u32, f64, slot, count = 1) {
      for (let at = slot; at < slot + count; at++) HARM[f64[at * SLOT_F64 + trade.at.id]]?.();
      if (slowNs > 0) spin(slowNs * count);
      if (TORTURE_SHAPES !== undefined) lookAtShapes();
      return apply.call(this, u8, u32, f64, slot, count);
    };
  }
}

// ---- objects: TORTURE_SHAPES has each thread watch those that all others come from

const PROTOTYPES = [Object, Array, Function, Map, String, Number, Uint8Array].map(({ prototype }) => prototype);
const shapeOf = () => PROTOTYPES.flatMap((prototype) => Object.getOwnPropertyNames(prototype)).join();
const WATCH_MS = 50;
const shape = shapeOf();
let isTold = false;

function lookAtShapes() {
  if (isTold || (shapeOf() === shape && !('isPolluted' in {}))) return;
  isTold = true;
  fs.writeSync(2, 'torture: a shape has changed\n');
}

function watchShapes() {
  fs.writeSync(2, 'torture: shapes are watched\n');
  setInterval(lookAtShapes, WATCH_MS).unref();
}

// ---- the disk: TORTURE_DISK names a file; what stands in it is wrong with the disk now

/** { folder, code, syncMs }; null where the disk is well. */
function diskFault() {
  try {
    return JSON.parse(read(TORTURE_DISK, 'utf8'));
  } catch {
    return null;
  }
}

const read = fs.readFileSync;
const diskError = (code, call) => Object.assign(new Error(`${code}: ordered, ${call}`), { code });

function spoilDisk() {
  const { writeSync, openSync, fdatasyncSync, fsyncSync } = fs;
  let isShort = false;
  fs.writeSync = (descriptor, bytes, offset, length, ...rest) => {
    const code = typeof bytes === 'string' || descriptor < 3 ? undefined : diskFault()?.code;
    if (code === undefined || code === 'EMFILE') return writeSync(descriptor, bytes, offset, length, ...rest);
    isShort = !isShort && (code === 'EFBIG' || code === 'ENOSPC') && length > 1;
    if (isShort) return writeSync(descriptor, bytes, offset, length >> 1, ...rest);
    throw diskError(code, 'write');
  };
  fs.openSync = (path, ...rest) => {
    const fault = diskFault();
    const isOurs = fault !== null && String(path).startsWith(fault.folder);
    if (isOurs && ['EMFILE', 'EROFS'].includes(fault.code)) throw diskError(fault.code, 'open');
    return openSync(path, ...rest);
  };
  const slowed = (sync) => (descriptor) => {
    const syncMs = diskFault()?.syncMs ?? 0;
    if (syncMs > 0) pause(syncMs);
    return sync(descriptor);
  };
  fs.fdatasyncSync = slowed(fdatasyncSync);
  fs.fsyncSync = slowed(fsyncSync);
  syncBuiltinESMExports();
}

if (TORTURE_SHAPES !== undefined) watchShapes();
if (TORTURE_DISK !== undefined && !isMainThread) spoilDisk();
if (isMainThread) await obey();
else await spoilTrades();
