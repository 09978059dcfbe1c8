// The journal's bytes: segments hold blocks, blocks hold entries; and the shared words of the thread that writes them.

import { defineBlock, f64, i32, u8, u32 } from './layout.ts';

/** What an entry of the journal tells. Numbers are only appended. */
export const JournalKind = {
  none: 0,
  /** The engine began: payload is JSON {anchor, version, host facts}. All connections before it are gone. */
  start: 1,
  /** A connection began: payload is JSON, ConnectionOpened. */
  open: 2,
  /** It ended. */
  close: 3,
  /** A frame as it came, with what became of it. */
  frame: 4,
  /** A text that was sent on the connection, for venues whose counter also numbers requests. */
  sent: 5,
  /** A clock record went to every shard; its time is the first float64 of the payload, µs since 1970. */
  clock: 6,
  /**
   * Records of our own (source, gap, backfill): payload is whole slots of 64 bytes, as they went into the ring. But a gap
   * with StateReason.drop and no count says that one is owed, because a record found no room.
   */
  records: 7,
  /** A checkpoint begins behind this entry; its number is the first float64 of the payload. */
  checkpoint: 8,
  /** Entries that found no room or could not be written: payload is two float64s, how many and how many bytes. */
  hole: 9,
  /** Markets that got their ids without a frame: payload is JSON, their names in order. */
  markets: 10,
} as const;
export type JournalKind = (typeof JournalKind)[keyof typeof JournalKind];

/** Bits of `flags` in an entry. */
export const JournalFlag = {
  /** The frame found no room in its ring and was not applied; its markets are owed gaps. */
  dropped: 1,
  /** A message of a named producer that had been taken before: not applied. */
  repeated: 2,
  /** The frame was made of an answer over REST. */
  rest: 4,
} as const;

/** Head of an entry; its payload follows, padded with zeros to a multiple of 8 bytes. */
export const journalEntry = defineBlock('journalEntry', 40, {
  sizeBytes: u32('of the entry with head and padding'),
  payloadBytes: u32('of the payload without padding'),
  kind: u8('JournalKind'),
  flags: u8('JournalFlag bits'),
  dialect: u8('index in DIALECTS; 255 for none'),
  result: u8('FrameResult + 128'),
  connection: u32('number of the connection, rising over the whole life of the journal; 0 for none'),
  sequence: f64('number of the entry, from 1 up over the whole life of the journal'),
  receiveTimeNs: f64('engine time'),
  producerSequence: f64('number its producer gave the message; 0 for none'),
});

/** Head of a block; `payloadBytes` of entries follow it. */
export const journalBlock = defineBlock('journalBlock', 64, {
  magic: u32('0x42524a4d, "MJRB"'),
  headChecksum: u32('CRC-32 of the rest of this head'),
  payloadChecksum: u32('CRC-32 of the entries'),
  previousChecksum: u32('headChecksum of the block before, over segments too; 0 in the very first'),
  payloadBytes: u32('bytes of entries'),
  entries: u32('entries'),
  segment: u32('number of the segment it was written to'),
  flags: u32('0'),
  firstSequence: f64('of its first entry'),
  lastSequence: f64('of its last entry'),
  writtenAtUs: f64('wall clock, since 1970'),
  anchorWallUs: f64('wall clock at engine time zero, since 1970: receive times count from it'),
});
export const JOURNAL_BLOCK_MAGIC = 0x42524a4d;

/** Head of a segment file. */
export const journalSegment = defineBlock('journalSegment', 64, {
  magic: u32('0x53524a4d, "MJRS"'),
  headChecksum: u32('CRC-32 of the rest of this head'),
  version: u32('of the format: 1'),
  segment: u32('number of this file, from 1 up'),
  firstSequence: f64('number its first entry has'),
  createdAtUs: f64('wall clock, since 1970'),
  previousChecksum: u32('headChecksum of the last block of the segment before; 0 for none'),
  flags: u32('0'),
});
export const JOURNAL_SEGMENT_MAGIC = 0x53524a4d;
export const JOURNAL_VERSION = 1;

/** Control words (Int32) of the ring of bytes from ingress to the journal thread. Positions count bytes / 8 and wrap. */
export const journalRingWords = defineBlock('journalRingWords', 128, {
  tail: i32('8-byte words committed. Writer: ingress'),
  head: i32('8-byte words released. Writer: journal'),
  state: i32('JournalState. Writer: journal'),
  stop: i32('1 once everything committed is to be written and the files closed. Writer: main'),
  thread: i32('number the system gave the thread, 0 where it is not known. Writer: journal'),
});

/** What the journal can promise now. */
export const JournalState = { off: 0, on: 1, degraded: 2, closed: 3 } as const;
export type JournalState = (typeof JournalState)[keyof typeof JournalState];
export const JOURNAL_STATE_NAMES = ['off', 'on', 'degraded', 'closed'] as const;

/**
 * Numbers of the journal, one float64 column each with one writer. `written` is safe from the end of the process, and
 * `durable` from the end of the machine.
 */
export const JOURNAL_NUMBERS = [
  { name: 'taken', unit: 'entries', meaning: 'last entry that ingress has given. Writer: ingress' },
  { name: 'missed', unit: 'entries', meaning: 'entries that found no room. Writer: ingress' },
  { name: 'missedBytes', unit: 'bytes', meaning: 'bytes of those. Writer: ingress' },
  {
    name: 'written',
    unit: 'entries',
    meaning: 'every entry up to this one has been handed to the system. Writer: journal',
  },
  { name: 'durable', unit: 'entries', meaning: 'every entry up to this one is on the disk. Writer: journal' },
  { name: 'holes', unit: 'holes', meaning: 'runs of entries that are missing. Writer: journal' },
  { name: 'lost', unit: 'entries', meaning: 'entries that could not be written. Writer: journal' },
  { name: 'blocks', unit: 'blocks', meaning: 'blocks written. Writer: journal' },
  { name: 'bytes', unit: 'bytes', meaning: 'bytes written. Writer: journal' },
  { name: 'syncs', unit: 'syncs', meaning: 'times the disk was waited for. Writer: journal' },
  { name: 'failures', unit: 'failures', meaning: 'writes, syncs and opens that failed. Writer: journal' },
  { name: 'segments', unit: 'segments', meaning: 'segments on the disk. Writer: journal' },
  { name: 'heldBytes', unit: 'bytes', meaning: 'bytes of all segments on the disk. Writer: journal' },
  { name: 'bufferBytesMost', unit: 'bytes', meaning: 'most bytes that waited at once. Writer: journal' },
  { name: 'checkpoint', unit: 'number', meaning: 'last checkpoint that is whole on the disk. Writer: journal' },
  { name: 'checkpointSequence', unit: 'entries', meaning: 'entry that checkpoint stands behind. Writer: journal' },
  {
    name: 'safe',
    unit: 'entries',
    meaning:
      'every entry up to this one is in the journal by its sync policy, or a whole checkpoint stands behind it: a hole holds this back until one does. Writer: journal',
  },
  {
    name: 'checkpointWanted',
    unit: 'entries',
    meaning:
      'entry a checkpoint should soon stand behind, after a hole or for bounds to hold; 0 for none. Writer: journal',
  },
  {
    name: 'waitingSinceMs',
    unit: 'ms',
    meaning:
      'engine time at which the disk was last asked for something it has not yet done; 0 for none. Writer: journal',
  },
] as const;

type NumberName = (typeof JOURNAL_NUMBERS)[number]['name'];

/** Column of each number: `numbers[JournalNumber.written]`. */
export const JournalNumber = Object.freeze(
  Object.fromEntries(JOURNAL_NUMBERS.map((number, index) => [number.name, index])),
) as Readonly<Record<NumberName, number>>;

/**
 * Head of a checkpoint's file: a manifest in JSON, then the images, each with a head of its own. The manifest is the
 * Checkpoint without images; they follow in its order: decoders of connections, then the markets of each shard.
 */
export const checkpointHead = defineBlock('checkpointHead', 64, {
  magic: u32('0x50434a4d, "MJCP"'),
  headChecksum: u32('CRC-32 of the rest of this head'),
  version: u32('of the format: 1'),
  parts: u32('parts that follow'),
  number: f64('number of the checkpoint'),
  sequence: f64('entry of the journal it stands behind'),
  fileBytes: f64('of the whole file'),
});
export const CHECKPOINT_MAGIC = 0x50434a4d;
export const CHECKPOINT_VERSION = 1;

/** Head of a part; its bytes follow, padded with zeros to a multiple of 8. */
export const checkpointPart = defineBlock('checkpointPart', 16, {
  headChecksum: u32('CRC-32 of the rest of this head'),
  payloadChecksum: u32('CRC-32 of the bytes'),
  payloadBytes: u32('bytes without padding'),
  index: u32('of the part: 0 is the manifest'),
});
