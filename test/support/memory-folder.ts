// A folder in memory for simulations and tests: it knows what was synced, loses the rest in a crash, and fails on purpose.

import { appendWhole } from '../../engine/journal/append-whole.ts';
import type { JournalFile, JournalFolder } from '../../engine/journal/files.ts';
import { TEMPORARY_ENDING } from '../../engine/journal/names.ts';

/** A disk loses or keeps whole sectors. */
const SECTOR_BYTES = 512;

export type FolderCall = 'open' | 'append' | 'sync' | 'truncate' | 'rename' | 'remove' | 'syncNames';

/** What the disk does wrong; may be changed at any time. */
export type FolderFaults = {
  /** Bytes all files may have: beyond is a short write, then ENOSPC. */
  spaceBytes: number;
  /** Bytes one file may have: beyond is a short write, then EFBIG. */
  fileBytesMax: number;
  /** EROFS for all that changes something. */
  isReadOnly: boolean;
  /** Files open at once: beyond is EMFILE. */
  handlesMax: number;
  /** Most bytes that one append takes. */
  appendBytesMax: number;
  /** What each sync takes; handed to `wait`. */
  syncMs: number;
  /** The code with which a call fails while it stands here, as EIO. */
  readonly failing: Map<FolderCall, string>;
};

function diskError(code: string, call: FolderCall, name: string): Error {
  return Object.assign(new Error(`${code}: ${call} '${name}'`), { code });
}

/** Bytes that grow. */
class Content {
  bytes = new Uint8Array(1024);
  size = 0;

  /** Puts `source` at `offset`, which becomes its end. */
  put(source: Uint8Array, offset: number): void {
    const size = offset + source.length;
    if (size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.size));
      this.bytes = larger;
    }
    this.bytes.fill(0, Math.min(this.size, offset), offset);
    this.bytes.set(source, offset);
    this.size = size;
  }

  get whole(): Uint8Array {
    return this.bytes.subarray(0, this.size);
  }
}

class Inode {
  readonly now = new Content();
  readonly durable = new Content();
  /** Up to here both are equal. */
  equalUntil = 0;
  /** A sync failed: the system may have dropped what it should have written, and no later sync brings it back. */
  isSyncBroken = false;

  sync(): void {
    if (this.isSyncBroken) return;
    this.durable.put(this.now.whole.subarray(this.equalUntil), this.equalUntil);
    this.equalUntil = this.now.size;
  }

  /** Leaves the durable bytes, those of now, or sectors of either in a file that ends anywhere between. */
  crash(random: () => number): void {
    const choice = random();
    if (choice < 0.25) this.now.put(this.durable.whole.slice(this.equalUntil), this.equalUntil);
    else if (choice < 0.9) this.mix(random);
    this.isSyncBroken = false;
    this.durable.put(this.now.whole.subarray(this.equalUntil), this.equalUntil);
    this.equalUntil = this.now.size;
  }

  private mix(random: () => number): void {
    const keep = random();
    const [low, high] = [Math.min(this.now.size, this.durable.size), Math.max(this.now.size, this.durable.size)];
    const size = Math.floor(low + random() * (high - low + 1));
    const mixed = new Uint8Array(Math.max(0, size - this.equalUntil));
    for (let at = this.equalUntil; at < size; ) {
      const end = Math.min(size, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES);
      const source = random() < keep ? this.now : this.durable;
      mixed.set(source.whole.subarray(at, end), at - this.equalUntil);
      at = end;
    }
    this.now.put(mixed, this.equalUntil);
  }
}

type NameChange = (names: Map<string, Inode>) => void;

class MemoryFile implements JournalFile {
  private readonly folder: MemoryFolder;
  private readonly name: string;
  private readonly inode: Inode;
  private readonly epoch: number;
  private isOpen = true;

  constructor(folder: MemoryFolder, name: string, inode: Inode) {
    this.folder = folder;
    this.name = name;
    this.inode = inode;
    this.epoch = folder.epoch;
  }

  get sizeBytes(): number {
    return this.inode.now.size;
  }

  append(bytes: Uint8Array, from: number, to: number): number {
    this.check('append');
    const room = this.folder.roomFor('append', this.name, this.inode.now.size, to - from);
    this.inode.now.put(bytes.subarray(from, from + room), this.inode.now.size);
    return room;
  }

  sync(): void {
    this.folder.wait(this.folder.faults.syncMs);
    try {
      this.check('sync');
    } catch (error) {
      this.inode.isSyncBroken = true;
      throw error;
    }
    this.inode.sync();
  }

  truncate(sizeBytes: number): void {
    this.check('truncate');
    this.inode.now.size = sizeBytes;
    this.inode.equalUntil = Math.min(this.inode.equalUntil, sizeBytes);
  }

  close(): void {
    if (this.isOpen && this.epoch === this.folder.epoch) this.folder.handles--;
    this.isOpen = false;
  }

  private check(call: FolderCall): void {
    if (!this.isOpen || this.epoch !== this.folder.epoch) throw diskError('EBADF', call, this.name);
    this.folder.check(call, this.name);
  }
}

export class MemoryFolder implements JournalFolder {
  readonly faults: FolderFaults = {
    spaceBytes: Number.POSITIVE_INFINITY,
    fileBytesMax: Number.POSITIVE_INFINITY,
    isReadOnly: false,
    handlesMax: Number.POSITIVE_INFINITY,
    appendBytesMax: Number.POSITIVE_INFINITY,
    syncMs: 0,
    failing: new Map(),
  };
  /** Crashes so far: files that were open before one are dead. */
  epoch = 0;
  /** Files open now. */
  handles = 0;
  /** Lets virtual time pass. */
  readonly wait: (ms: number) => void;
  private names = new Map<string, Inode>();
  private durableNames = new Map<string, Inode>();
  private changes: NameChange[] = [];

  constructor(wait: (ms: number) => void = () => {}) {
    this.wait = wait;
  }

  list(): string[] {
    return [...this.names.keys()];
  }

  sizeOf(name: string): number {
    return this.inodeOf(name).now.size;
  }

  open(name: string): JournalFile {
    this.check('open', name);
    if (this.handles >= this.faults.handlesMax) throw diskError('EMFILE', 'open', name);
    const inode = this.names.get(name) ?? new Inode();
    if (!this.names.has(name)) this.change((names) => names.set(name, inode));
    this.handles++;
    return new MemoryFile(this, name, inode);
  }

  read(name: string, from: number, length: number): Uint8Array {
    return this.inodeOf(name).now.whole.slice(from, from + length);
  }

  replace(name: string, bytes: Uint8Array): void {
    const temporary = name + TEMPORARY_ENDING;
    if (this.names.has(temporary)) this.remove(temporary);
    const file = this.open(temporary);
    try {
      appendWhole(file, bytes, 0, bytes.length);
      file.sync();
    } finally {
      file.close();
    }
    this.rename(temporary, name);
    this.syncNames();
  }

  rename(from: string, to: string): void {
    this.check('rename', from);
    const inode = this.inodeOf(from);
    this.change((names) => {
      names.delete(from);
      names.set(to, inode);
    });
  }

  remove(name: string): void {
    this.check('remove', name);
    this.inodeOf(name);
    this.change((names) => names.delete(name));
  }

  syncNames(): void {
    this.check('syncNames', '.');
    this.durableNames = new Map(this.names);
    this.changes = [];
  }

  /** The machine ends: what was not synced is there, in part there, or gone. Numbers of `random` are in [0, 1). */
  crash(random: () => number): void {
    const names = new Map(this.durableNames);
    const keep = random();
    for (const change of this.changes) if (random() < keep) change(names);
    for (const inode of new Set(names.values())) inode.crash(random);
    this.names = names;
    this.durableNames = new Map(names);
    this.changes = [];
    this.die();
  }

  /** The process ends: its files are closed, and all it wrote is there. */
  die(): void {
    this.epoch++;
    this.handles = 0;
  }

  /** Changes bytes in place, as a fault of the disk would. */
  damage(name: string, change: (bytes: Uint8Array) => void): void {
    change(this.inodeOf(name).now.whole);
  }

  /** Throws the error that stands for this call. */
  check(call: FolderCall, name: string): void {
    const code = this.faults.failing.get(call);
    if (code !== undefined) throw diskError(code, call, name);
    if (this.faults.isReadOnly && call !== 'sync' && call !== 'syncNames') throw diskError('EROFS', call, name);
  }

  /** Bytes of `wanted` that a file of this size may still take; throws where there are none. */
  roomFor(call: FolderCall, name: string, sizeBytes: number, wanted: number): number {
    const used = [...new Set(this.names.values())].reduce((sum, inode) => sum + inode.now.size, 0);
    const inFile = this.faults.fileBytesMax - sizeBytes;
    const onDisk = this.faults.spaceBytes - used;
    if (wanted > 0 && inFile <= 0) throw diskError('EFBIG', call, name);
    if (wanted > 0 && onDisk <= 0) throw diskError('ENOSPC', call, name);
    return Math.min(wanted, inFile, onDisk, this.faults.appendBytesMax);
  }

  private change(change: NameChange): void {
    change(this.names);
    this.changes.push(change);
  }

  private inodeOf(name: string): Inode {
    const inode = this.names.get(name);
    if (inode === undefined) throw diskError('ENOENT', 'open', name);
    return inode;
  }
}
