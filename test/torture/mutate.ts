// Alters frames at random: bytes, numbers, strings, parts of JSON, and pieces of other frames.

type Random = (limit: number) => number;

/** Values that have broken parsers before. */
const VALUES: readonly string[] = [
  ...[
    '0',
    '-0',
    '-1',
    '1',
    '00',
    '01',
    '1.',
    '.5',
    '1e5',
    '1e400',
    '1e-320',
    '1E+2',
    '0x10',
    'NaN',
    'Infinity',
    '-Infinity',
  ],
  ...['9007199254740993', '9000000000000', '9000000000001', '18446744073709551616', '0.000000000000000001'],
  ...[
    '0.0000000000000000001',
    '123456789012345678901234567890',
    '1_000',
    'null',
    'true',
    'false',
    '""',
    '" "',
    '"\u0661"',
  ],
  ...['[]', '{}', '[[]]', '[{}]', '{"":{}}', '[null]', '"\\u0000"', '"\\ud800"', '"__proto__"', '"constructor"', '"x"'],
  ...[
    '"1"',
    '"-1"',
    '"1e5"',
    '"0x10"',
    '"NaN"',
    '"2026-01-05T11:59:53.052163Z"',
    '"2026-13-45T99:99:99Z"',
    '1767614393002319',
  ],
];
const BYTES: readonly number[] = [
  0, 1, 9, 10, 13, 32, 34, 44, 45, 46, 47, 48, 57, 58, 69, 91, 92, 93, 101, 123, 125, 127, 128, 192, 239, 255,
];
const DEPTH_MAX = 60;

function cut(frame: Buffer, from: number, to: number, insert: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([frame.subarray(0, from), insert, frame.subarray(to)]);
}

/** Two places in order. */
function span(frame: Buffer, random: Random, most: number): [from: number, to: number] {
  const from = random(frame.length + 1);
  return [from, Math.min(frame.length, from + random(most + 1))];
}

function flipBits(frame: Buffer, random: Random): Buffer {
  const copy = Buffer.from(frame);
  for (let count = 1 + random(3); count > 0 && copy.length > 0; count--) copy[random(copy.length)] ^= 1 << random(8);
  return copy;
}

function setBytes(frame: Buffer, random: Random): Buffer {
  const copy = Buffer.from(frame);
  for (let count = 1 + random(3); count > 0 && copy.length > 0; count--) {
    copy[random(copy.length)] = random(2) === 0 ? random(256) : BYTES[random(BYTES.length)];
  }
  return copy;
}

function insertBytes(frame: Buffer, random: Random): Buffer {
  const at = random(frame.length + 1);
  const bytes = Uint8Array.from({ length: 1 + random(4) }, () => BYTES[random(BYTES.length)]);
  return cut(frame, at, at, bytes);
}

function removeSpan(frame: Buffer, random: Random): Buffer {
  const [from, to] = span(frame, random, random(4) === 0 ? frame.length : 8);
  return cut(frame, from, to);
}

function repeatSpan(frame: Buffer, random: Random): Buffer {
  const [from, to] = span(frame, random, 64);
  return cut(frame, to, to, frame.subarray(from, to));
}

function truncate(frame: Buffer, random: Random): Buffer {
  return frame.subarray(0, random(frame.length + 1));
}

/** Where the value begins and ends that holds a random place: what stands between two of `:[,]{}`. */
function valueAt(frame: Buffer, random: Random): [from: number, to: number] {
  const isEdge = (byte: number): boolean =>
    byte === 0x3a || byte === 0x2c || byte === 0x5b || byte === 0x5d || byte === 0x7b || byte === 0x7d;
  let from = random(frame.length + 1);
  while (from > 0 && !isEdge(frame[from - 1])) from--;
  let to = from;
  while (to < frame.length && !isEdge(frame[to])) to++;
  return [from, to];
}

function setValue(frame: Buffer, random: Random): Buffer {
  const [from, to] = valueAt(frame, random);
  return cut(frame, from, to, Buffer.from(VALUES[random(VALUES.length)]));
}

/** Another value of the same frame, or of another one of the dialect. */
function borrowValue(frame: Buffer, random: Random, other: Buffer): Buffer {
  const [from, to] = valueAt(frame, random);
  const [a, b] = valueAt(other, random);
  return cut(frame, from, to, other.subarray(a, b));
}

function setDigits(frame: Buffer, random: Random): Buffer {
  const copy = Buffer.from(frame);
  for (let tries = 0, changed = 0; tries < 200 && changed < 3; tries++) {
    const at = random(copy.length + 1);
    if (copy[at] >= 0x30 && copy[at] <= 0x39) {
      copy[at] = 0x30 + random(10);
      changed++;
    }
  }
  return copy;
}

function splice(frame: Buffer, random: Random, other: Buffer): Buffer {
  return Buffer.concat([frame.subarray(0, random(frame.length + 1)), other.subarray(random(other.length + 1))]);
}

function nest(frame: Buffer, random: Random): Buffer {
  const [from, to] = valueAt(frame, random);
  const depth = 1 + random(DEPTH_MAX);
  const [open, close] = random(2) === 0 ? ['[', ']'] : ['{"a":', '}'];
  return cut(
    frame,
    from,
    to,
    Buffer.from(`${open.repeat(depth)}${frame.toString('latin1', from, to)}${close.repeat(depth)}`, 'latin1'),
  );
}

/** A member again under its own or another name: the order and number of members is the sender's. */
function repeatMember(frame: Buffer, random: Random): Buffer {
  const at = frame.indexOf(0x2c, random(frame.length + 1));
  if (at < 0) return repeatSpan(frame, random);
  const end = frame.indexOf(0x2c, at + 1);
  const member = frame.subarray(at, end < 0 ? frame.length : end);
  const to = frame.indexOf(0x2c, random(frame.length + 1));
  return cut(frame, Math.max(0, to), Math.max(0, to), member);
}

/** A character as its escape: what is read must be the same. */
function escapeCharacter(frame: Buffer, random: Random): Buffer {
  const at = random(Math.max(1, frame.length));
  const code = (frame[at] ?? 0x41).toString(16).padStart(4, '0');
  return cut(frame, at, at + 1, Buffer.from(`\\u${code}`));
}

function addSpace(frame: Buffer, random: Random): Buffer {
  const [at] = valueAt(frame, random);
  return cut(frame, at, at, Buffer.from([' ', '\n', '\t ', '\r\n'][random(4)]));
}

/** 32-bit words of a batch: offsets and counts. */
function setWord(frame: Buffer, random: Random): Buffer {
  if (frame.length < 8) return flipBits(frame, random);
  const copy = Buffer.from(frame);
  const at = 4 * random(copy.length >> 2);
  const value = [0, 1, 4, 0x7fffffff, 0xffffffff, 0x80000000, copy.length, copy.length - 4, random(copy.length)][
    random(9)
  ];
  copy.writeUInt32LE(value >>> 0, at);
  return copy;
}

type Mutator = (frame: Buffer, random: Random, other: Buffer) => Buffer;
const TEXT: readonly Mutator[] = [
  ...[flipBits, setBytes, insertBytes, removeSpan, repeatSpan, truncate, splice],
  ...[setValue, setValue, setValue, borrowValue, borrowValue, setDigits, nest, repeatMember, escapeCharacter, addSpace],
];
const BINARY: readonly Mutator[] = [
  flipBits,
  setBytes,
  insertBytes,
  removeSpan,
  repeatSpan,
  truncate,
  splice,
  setWord,
  setWord,
  setWord,
];

/** One to four mutations, one after the other; `others` are frames to borrow from. */
export function mutate(frame: Buffer, others: readonly Buffer[], isBinary: boolean, random: Random): Buffer {
  const mutators = isBinary ? BINARY : TEXT;
  let mutated = frame;
  for (let count = 1 + random(random(3) === 0 ? 4 : 2); count > 0; count--) {
    mutated = mutators[random(mutators.length)](mutated, random, others[random(others.length)]);
  }
  return mutated;
}
