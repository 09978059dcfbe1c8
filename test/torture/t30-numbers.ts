// T30: numbers as text through the engine's parsers, against an oracle in BigInt: what is no number is refused, what does not
// fit is refused, all else is exact to the last digit; and a message with one bad number is applied not at all.

import { formatDecimal } from '../../engine/base/decimal.ts';
import { parseDecimal } from '../../engine/decode/decimal.ts';
import { parseNumber } from '../../engine/decode/number.ts';
import { engineSubject } from '../support/engine-subject.ts';
import { numbersOf } from '../support/recordings.ts';
import { type Scenario, told, zeroOf } from './scenario.ts';

const CASES = { tiny: 60_000, small: 1_000_000, full: 10_000_000 } as const;
/** Whole messages, one of so many cases. */
const MESSAGE_EVERY = 500;

const WHOLE_MAX = 9_000_000_000_000n;
const DECIMALS = 18;
const ONE = 10n ** 18n;
/** The parsers refuse unread what has more digits, or moves its point further: the generator stays below. */
const EXPONENT_MAX = 300;

type Random = (limit: number) => number;

const ODD: readonly string[] = [
  ...[
    '',
    ' ',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '-0',
    '-',
    '.',
    '.5',
    '1.',
    '00',
    '01',
    '0.',
    '0x10',
    '1_000',
    '1,5',
    'NaN',
    'Infinity',
    '-Infinity',
  ],
  ...[
    '1e',
    '1e+',
    'e5',
    '1e400',
    '1e-320',
    '1e99999999999',
    '0e0',
    '0e400',
    '0.0e-400',
    '1.5e3',
    '1E3',
    '1e+3',
    '1e3.5',
    '1ee3',
  ],
  ...[
    'null',
    'true',
    '[]',
    '{}',
    '\u0661',
    '１',
    '1\u0000',
    '1\n',
    '--1',
    '1-1',
    '1.2.3',
    '٣.٥',
    '0b1',
    '1n',
    '1f',
    'Ⅷ',
    '1e3 ',
  ],
  ...['9000000000000', '9000000000000.999999999999999999', '9000000000001', '9007199254740991', '9007199254740993'],
  ...[
    '0.000000000000000001',
    '0.0000000000000000001',
    '0.0000000000000000010',
    `0.1${'0'.repeat(30)}`,
    '9'.repeat(400),
    `1${'0'.repeat(400)}`,
  ],
];

const digits = (count: number, random: Random): string => Array.from({ length: count }, () => random(10)).join('');

/** A number that is mostly well written and mostly fits. */
function wellWritten(random: Random): string {
  const whole = random(3) === 0 ? '0' : `${1 + random(9)}${digits(random(random(8) === 0 ? 20 : 12), random)}`;
  const fraction = random(3) === 0 ? '' : `.${digits(1 + random(random(8) === 0 ? 24 : 18), random)}`;
  const exponent =
    random(4) > 0
      ? ''
      : `${random(2) === 0 ? 'e' : 'E'}${['', '+', '-'][random(3)]}${random(random(4) === 0 ? EXPONENT_MAX : 20)}`;
  return `${whole}${fraction}${exponent}`;
}

/** One character put in, taken away or changed. */
function spoilt(text: string, random: Random): string {
  const at = random(text.length + 1);
  const character = '0123456789.eE+-_ ,xN\u0661'[random(21)];
  if (random(3) === 0) return text.slice(0, at) + text.slice(at + 1);
  return text.slice(0, at) + character + text.slice(at + random(2));
}

function draw(random: Random): string {
  const kind = random(10);
  if (kind === 0) return ODD[random(ODD.length)];
  return kind < 3 ? spoilt(wellWritten(random), random) : wellWritten(random);
}

const GRAMMAR = /^(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** The value in units of 10^-18, or null where the text is no number or does not fit. `mayMove` allows an exponent. */
export function oracle(text: string, mayMove: boolean): bigint | null {
  const match = GRAMMAR.exec(text);
  if (match === null || (match[3] !== undefined && !mayMove)) return null;
  const [, whole, fraction = '', exponentText = '0'] = match;
  const mantissa = BigInt(whole + fraction);
  if (mantissa === 0n) return 0n;
  const exponent = Number(exponentText) - fraction.length + DECIMALS;
  if (Math.abs(exponent) > 10_000) return null;
  const scale = 10n ** BigInt(Math.abs(exponent));
  if (exponent < 0 && mantissa % scale !== 0n) return null;
  const units = exponent < 0 ? mantissa / scale : mantissa * scale;
  return units / ONE > WHOLE_MAX ? null : units;
}

/** Canonical text: no exponent, no zeros at the end of a fraction. */
function canonical(units: bigint): string {
  const fraction = (units % ONE).toString().padStart(DECIMALS, '0').replace(/0+$/, '');
  return fraction === '' ? String(units / ONE) : `${units / ONE}.${fraction}`;
}

type Tally = {
  valid: number;
  invalid: number;
  acceptedInvalid: number;
  rejectedValid: number;
  inexact: number;
  unlike: number;
};

class Checker {
  readonly tally: Tally = { valid: 0, invalid: 0, acceptedInvalid: 0, rejectedValid: 0, inexact: 0, unlike: 0 };
  readonly faults: string[] = [];
  private readonly bytes = Buffer.alloc(4_096);
  private readonly out = new Float64Array(2);

  check(text: string, mayMove: boolean): void {
    const length = this.bytes.write(text, 0);
    // What stands behind a number in a frame; the parsers look at it.
    this.bytes[length] = 0x22;
    const end = length + 1;
    const parse = mayMove ? parseNumber : parseDecimal;
    const isAccepted = parse(this.bytes, 0, end, this.out, 0) === length;
    const units = oracle(text, mayMove);
    if (units === null) this.noteInvalid(text, isAccepted);
    else this.noteValid(text, units, isAccepted);
  }

  private noteInvalid(text: string, isAccepted: boolean): void {
    this.tally.invalid++;
    if (!isAccepted) return;
    this.tally.acceptedInvalid++;
    this.faults.push(`accepted ${text}`);
  }

  private noteValid(text: string, units: bigint, isAccepted: boolean): void {
    const { tally } = this;
    tally.valid++;
    if (!isAccepted) {
      tally.rejectedValid++;
      this.faults.push(`rejected ${text}`);
      return;
    }
    const [milli, atto] = this.out;
    if (BigInt(milli) * 10n ** 15n + BigInt(atto) !== units) {
      tally.inexact++;
      this.faults.push(`${text} as ${milli} and ${atto}`);
    }
    if (formatDecimal(milli, atto) !== canonical(units)) tally.unlike++;
  }
}

type Messages = { sent: number; partly: number; misjudged: number };

/** Messages of a good change and one with the number at hand, in one frame: both are applied or none. */
class MessageChecker {
  readonly messages: Messages = { sent: 0, partly: 0, misjudged: 0 };
  private readonly subject = engineSubject('json');
  private count = 0;

  constructor() {
    this.send(this.change('1', '1', true));
  }

  private change(price: string, amount: string, isSnapshot: boolean): string {
    const sides = `"bids":[{"price":"${price}","amount":"1"}],"asks":[{"price":"8000000000000","amount":${amount}}]`;
    return `{"type":"book_change","exchange":"x","symbol":"A","timestamp":1767225600000,"isSnapshot":${isSnapshot},${sides}}`;
  }

  private send(text: string): void {
    this.subject.frame(text, null, 'c');
  }

  /** Each good change raises the best bid by a tick, so that it shows whether the frame was taken. */
  check(text: string): void {
    const next = (2 + ++this.count).toString();
    this.messages.sent++;
    this.send(`[${this.change(next, '"1"', false)},${this.change('1', text, false)}]`);
    const isTaken = this.subject.best('x:A').bid?.[0] === next;
    const units = oracle(text, true);
    const isValid = units !== null && text.trim() === text;
    if (isTaken !== isValid) this.messages.misjudged++;
    if (isTaken && this.subject.best('x:A').ask?.[1] !== (units === 0n ? undefined : canonical(units ?? -1n)))
      this.messages.partly++;
  }
}

export const scenario: Scenario = {
  id: 'T30',
  title: 'Numbers',
  async run(size, seed, log) {
    const random = numbersOf(seed);
    const checker = new Checker();
    const whole = new MessageChecker();
    for (const text of ODD) for (const mayMove of [false, true]) checker.check(text, mayMove);
    for (let i = 0; i < CASES[size]; i++) {
      const text = draw(random);
      checker.check(text, i % 2 === 0);
      if (i % MESSAGE_EVERY === 0 && /^[\w.+-]+$/.test(text)) whole.check(text);
    }
    const { valid, invalid, acceptedInvalid, rejectedValid, inexact, unlike } = checker.tally;
    const { sent, partly, misjudged } = whole.messages;
    for (const fault of checker.faults.slice(0, 20)) log(fault);
    return {
      injected: invalid,
      detected: invalid - acceptedInvalid,
      falseAlarms: rejectedValid,
      figures: [
        zeroOf('invalid numbers accepted', acceptedInvalid, invalid),
        zeroOf('valid numbers rejected', rejectedValid, valid),
        zeroOf('values that are not exact', inexact, valid),
        zeroOf('values whose text comes back as another', unlike, valid),
        zeroOf('frames with one bad number that were taken, or good ones that were not', misjudged, sent),
        zeroOf('frames applied in part', partly, sent),
        told('cases', valid + invalid, ''),
      ],
      accounting: null,
      knownHoles: [],
      notes: [
        'Half of the cases as decimal text (no exponent), half as JSON numbers; a tenth from a list of what has broken parsers, a fifth spoilt by a character.',
        ...checker.faults.slice(0, 5),
      ],
    };
  },
};
