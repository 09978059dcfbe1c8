// Follows `message_id`, one counter over all messages of a connection, and tells its markets when messages are lost. Hot path.
//
// Recipe (dYdX v4 indexer, server source `socks/src/websocket`, `socks/src/lib/subscription`, 2026-03; venues.md §5.3).
// The server takes the next number for each data message, each valid subscribe and each valid unsubscribe. Data and
// `unsubscribed` are sent as their number is taken. The answer to a subscribe, `subscribed` or `error`, has the number
// taken when the request came, but is sent behind an inner HTTP request, so higher numbers may come before it. An `error`
// for a malformed request repeats the present number, which may be that of a subscribe still unanswered.
//  1. One more than the highest so far: in order.
//  2. Higher: the numbers between are open. Only the answer to a subscribe may still bring one.
//  3. `subscribed` or `error` with an open number closes it; `subscribed` also where only an `error` had its number.
//  4. Any other message with an open number came too late: what it changes is out of order. It is left out, and the
//     connection has lost a message.
//  5. Any other number up to the highest is a repeat, left out whole. An `error` with one is no repeat of a message.
//  6. Where the requests are known (sent()), more open numbers than unanswered subscribes are lost, at once.
//  7. A number open for longer than the server waits for its inner request is lost, whether requests are known or not.
//  8. Numbers opened by the first message behind a refused one are lost at once: we know that we did not read it.
//  9. Another `connection_id`, or `connected` again, is another connection: books of the one before are broken.
// The counter moves only when the whole message was accepted, so a refused message opens its number at the next one.

import { FrameResult } from '../../../schemas/ids.ts';
import { scanState } from '../../decode/scan.ts';
import { RECEIVE, type RecordSink } from '../../decode/sink.ts';
import { Kind } from './channels.ts';
import type { ConnectionMarkets } from './connection-markets.ts';
import { field } from './fields.ts';
import { HOLES_MAX, Holes } from './holes.ts';

/** What follow() found. Negative results are FrameResults of a full ring. `old`: nothing of the message is of use. */
export const Follow = { old: 0, inOrder: 1 } as const;

/** INITIAL_GET_TIMEOUT_MS of the server is 20 s, behind which it answers by an error; the rest is the way (rule 7). */
const ANSWER_NS_MAX = 30e9;
/** The same for recordings without times: messages of some 30 s on a busy connection. */
const ANSWER_NUMBERS_MAX = 10_000;
/**
 * Where the requests are not known, on a pushed connection, a loss must not stay hidden for so long: the latest answer of
 * 4,733 recorded messages came within 10 ms and 20 numbers (v3, 2021-10).
 */
const UNKNOWN_NS_MAX = 5e9;
const UNKNOWN_NUMBERS_MAX = 256;
/** A UUID has 36. */
const ID_BYTES_MAX = 64;
const WORD = 4;
/** Errors with a number of their own that are remembered (rule 3). */
const ERRORS_KEPT = 16;
const REQUESTS_UNKNOWN = -1;

/** Indexes of the counter's numbers: highest so far (-1: none), the message's own, first of the connection, lost by it. */
const HIGHEST = 0;
const THIS = 1;
const FIRST = 2;
const LOST = 3;

export class MessageCounter {
  /** Repeats left out. */
  duplicates = 0;
  /** Times that messages were lost. */
  gaps = 0;
  private readonly sink: RecordSink;
  private readonly markets: ConnectionMarkets;
  private readonly numbers = Float64Array.of(-1, -1, -1, 0);
  private readonly holes = new Holes();
  private readonly errors = new Float64Array(ERRORS_KEPT).fill(-1);
  private errorNext = 0;
  private readonly id = new Uint8Array(ID_BYTES_MAX);
  /** The same bytes; the machine's order is that of the records. */
  private readonly idWords = new Int32Array(this.id.buffer);
  private idLength = 0;
  private readonly idThis = new Uint8Array(ID_BYTES_MAX);
  private idThisLength = 0;
  private unanswered = REQUESTS_UNKNOWN;
  private hasRefused = false;

  // What the message at hand will do to the counter once it is accepted.
  private hasPlan = false;
  private kind: number = Kind.unknown;
  private isOld = false;
  private isOther = false;
  private isLoss = false;
  private isJumpTold = false;
  private answers = 0;
  private fill = -1;
  private errorAt = -1;
  private expire = 0;
  private tells = 0;

  // A message with escapes is decoded twice by the session: its first pass waits for the second.
  private isWaiting = false;
  private isRepeat = false;
  private expectsRepeat = false;
  private marketsBefore = 0;

  constructor(sink: RecordSink, markets: ConnectionMarkets) {
    this.sink = sink;
    this.markets = markets;
  }

  /** A text that was sent on this connection. From the first on, requests count as known. */
  sent(text: string): void {
    if (this.unanswered === REQUESTS_UNKNOWN) this.unanswered = 0;
    if (/"type"\s*:\s*"subscribe"/.test(text)) this.unanswered++;
  }

  begin(): void {
    this.hasPlan = false;
    this.isRepeat = this.expectsRepeat;
    this.expectsRepeat = false;
    this.idThisLength = 0;
  }

  /** Offset behind the `connection_id` at `at` where it is the one so far, compared in words; else 0. */
  passSameWords(view: DataView, at: number, end: number): number {
    const { idWords, idLength } = this;
    if (idLength === 0 || idLength % WORD !== 0 || at + idLength >= end) return 0;
    for (let i = 0; i * WORD < idLength; i++) if (view.getInt32(at + i * WORD, true) !== idWords[i]) return 0;
    return at + idLength;
  }

  /** The `connection_id`, in bytes[from..to). */
  noteId(bytes: Uint8Array, from: number, to: number): void {
    this.idThisLength = Math.min(to - from, ID_BYTES_MAX);
    for (let i = 0; i < this.idThisLength; i++) this.idThis[i] = bytes[from + i];
  }

  /** Judges the message by its number in values[field.messageId]; writes the gap records, which come before its own. */
  follow(kind: number, values: Float64Array): number {
    this.endWaiting(values);
    this.hasPlan = true;
    this.kind = kind;
    this.numbers[THIS] = values[field.messageId];
    this.clearPlan();
    this.isOther = this.numbers[HIGHEST] >= 0 && (kind === Kind.connected ? !this.isSameStart() : this.isOtherId());
    if (this.isOther || this.numbers[HIGHEST] < 0) return this.isOther ? this.tellOther() : Follow.inOrder;
    if (this.numbers[THIS] > this.numbers[HIGHEST]) this.judgeHigher();
    else this.judgeLower();
    if (!this.isOld) this.judgeHoles();
    if (this.isLoss) {
      const told = this.markets.tell(this.numbers, LOST);
      if (told < 0) return told;
    }
    return this.isOld ? Follow.old : Follow.inOrder;
  }

  /** Ends the pass: keeps what it found where the message was accepted. */
  finish(result: number): void {
    const isAgain = scanState.sawEscape && !this.isRepeat && result !== FrameResult.syntax;
    if (result < 0) {
      this.isWaiting = false;
      if (isAgain) this.expectsRepeat = true;
      else this.hasRefused = true;
      return;
    }
    this.marketsBefore = this.markets.count;
    this.markets.keep();
    if (!this.hasPlan) return;
    if (isAgain) this.isWaiting = true;
    else this.commit();
  }

  /** The message before was a first pass: of this very message, or of one that stands. */
  private endWaiting(values: Float64Array): void {
    if (!this.isWaiting) return;
    this.isWaiting = false;
    if (values[field.messageId] === this.numbers[THIS]) {
      this.isRepeat = true;
      this.markets.backTo(this.marketsBefore);
    } else this.commit();
  }

  private clearPlan(): void {
    this.isOld = false;
    this.isLoss = false;
    this.isJumpTold = false;
    this.answers = 0;
    this.fill = -1;
    this.errorAt = -1;
    this.expire = 0;
    this.tells = 0;
    this.numbers[LOST] = 0;
  }

  /** `connected` twice, the very same message: a repeat. */
  private isSameStart(): boolean {
    return this.numbers[HIGHEST] === this.numbers[THIS] && !this.isOtherId();
  }

  private isOtherId(): boolean {
    if (this.idThisLength === 0 || this.idLength === 0) return false;
    if (this.idThisLength !== this.idLength) return true;
    for (let i = 0; i < this.idLength; i++) if (this.id[i] !== this.idThis[i]) return true;
    return false;
  }

  /** Rule 9. */
  private tellOther(): number {
    const told = this.markets.tell(this.numbers, LOST);
    return told < 0 ? told : Follow.inOrder;
  }

  private judgeHigher(): void {
    const opened = this.numbers[THIS] - this.numbers[HIGHEST] - 1;
    if (this.kind === Kind.subscribed || this.kind === Kind.error) this.answers = 1;
    this.isJumpTold = opened > 0 && (this.hasRefused || this.holes.count + opened > HOLES_MAX); // rule 8
    if (!this.isJumpTold) return;
    this.isLoss = true;
    this.numbers[LOST] += opened;
  }

  private judgeLower(): void {
    const isAnswer = this.kind === Kind.subscribed || this.kind === Kind.error;
    this.fill = this.holes.indexOf(this.numbers, THIS);
    this.answers = isAnswer ? 1 : 0;
    if (this.fill >= 0 && isAnswer) return; // rule 3
    if (this.fill >= 0) {
      // Rule 4.
      this.isOld = true;
      this.isLoss = !this.holes.isTold(this.fill);
      if (this.isLoss) this.numbers[LOST]++;
      return;
    }
    if (this.kind === Kind.error) return; // rule 5
    // What was taken before we came may be answered.
    if (this.kind === Kind.subscribed && this.numbers[THIS] < this.numbers[FIRST]) return;
    if (this.kind === Kind.subscribed) this.errorAt = this.errors.indexOf(this.numbers[THIS]);
    this.isOld = this.errorAt < 0;
    if (this.isOld) this.answers = 0;
  }

  /** Rules 7 and 6. Numbers that rule 8 has just told do not count again. */
  private judgeHoles(): void {
    const { holes } = this;
    const told = this.numbers[LOST];
    const opened = Math.max(this.numbers[THIS] - this.numbers[HIGHEST] - 1, 0);
    const isUnknown = this.unanswered === REQUESTS_UNKNOWN;
    const numbersMax = isUnknown ? UNKNOWN_NUMBERS_MAX : ANSWER_NUMBERS_MAX;
    const nsMax = isUnknown ? UNKNOWN_NS_MAX : ANSWER_NS_MAX;
    this.expire = holes.overdue(this.numbers, THIS, numbersMax, this.sink.frame, RECEIVE, nsMax);
    const overdue = holes.untoldOf(this.expire, this.fill);
    this.numbers[LOST] += overdue;
    if (this.unanswered !== REQUESTS_UNKNOWN) this.judgeRequests(overdue, opened);
    if (this.numbers[LOST] > told) this.isLoss = true;
  }

  /**
   * Rule 6. Which of the open numbers are the lost ones is not known, only how many: one told may still be answered, and then
   * another is lost in its place.
   */
  private judgeRequests(overdue: number, opened: number): void {
    const { holes, fill } = this;
    const isFilled = fill >= 0;
    const isFillTold = isFilled && holes.isTold(fill);
    const open = holes.count - this.lostAnswers - (isFilled ? 1 : 0) + opened;
    const untold = holes.untold - overdue - (isFilled && !isFillTold ? 1 : 0) + (this.isJumpTold ? 0 : opened);
    const told = open - untold + (isFillTold && this.answers > 0 ? 1 : 0);
    const unanswered = Math.max(this.unanswered - this.answers - this.lostAnswers, 0);
    this.tells = Math.max(open - unanswered - told, 0);
    this.numbers[LOST] += this.tells;
  }

  /** What is overdue will not be answered any more. */
  private get lostAnswers(): number {
    return this.fill >= 0 && this.fill < this.expire ? this.expire - 1 : this.expire;
  }

  private commit(): void {
    if (this.isOther || this.numbers[HIGHEST] < 0) {
      this.startAgain();
      return;
    }
    if (this.isOld) this.duplicates++;
    if (this.isLoss) this.gaps++;
    if (this.unanswered > 0) this.unanswered = Math.max(this.unanswered - this.answers - this.lostAnswers, 0);
    this.commitHoles();
    if (this.errorAt >= 0) this.errors[this.errorAt] = -1;
    if (this.numbers[THIS] <= this.numbers[HIGHEST]) return;
    if (this.kind === Kind.error) this.errors[this.errorNext++ % ERRORS_KEPT] = this.numbers[THIS];
    this.numbers[HIGHEST] = this.numbers[THIS];
    this.hasRefused = false;
  }

  private commitHoles(): void {
    const { holes, numbers } = this;
    const wasTold = this.fill >= 0 && holes.isTold(this.fill);
    const expire = this.lostAnswers;
    if (this.fill >= 0) holes.take(this.fill);
    // It was only late: another one is lost in its place.
    if (wasTold && this.answers > 0 && this.unanswered !== REQUESTS_UNKNOWN) holes.tell(1);
    for (let i = 0; i < expire; i++) holes.take(0);
    const opened = Math.max(numbers[THIS] - numbers[HIGHEST] - 1, 0);
    if (opened > 0 && holes.count + opened <= HOLES_MAX) {
      holes.open(numbers, HIGHEST, THIS, this.sink.frame, RECEIVE, this.isJumpTold ? 1 : 0);
    }
    holes.tell(this.tells);
    if (this.unanswered === 0) holes.clear();
  }

  /** The first message of a connection. */
  private startAgain(): void {
    if (this.isOther) this.gaps++;
    if (this.unanswered > 0 && (this.kind === Kind.subscribed || this.kind === Kind.error)) this.unanswered--;
    this.holes.clear();
    this.errors.fill(-1);
    this.hasRefused = false;
    this.numbers[HIGHEST] = this.numbers[THIS];
    this.numbers[FIRST] = this.numbers[THIS];
    this.idLength = this.idThisLength;
    this.id.set(this.idThis);
  }
}
