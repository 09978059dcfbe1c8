// Numbers the frames of one connection where the venue counts over it: each market's session has counted for itself.

/** The member that has the number, and one that names the connection. */
const COUNTED: Readonly<Record<string, { readonly number: string; readonly name: string | null }>> = {
  coinbase: { number: '"sequence_num":', name: null },
  dydx: { number: '"message_id":', name: '"connection_id":"' },
};
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

function numberEnd(text: string, from: number): number {
  let at = from;
  for (let code = text.charCodeAt(at); code >= DIGIT_0 && code <= DIGIT_9; code = text.charCodeAt(at)) at++;
  return at;
}

export class ConnectionNumbers {
  private readonly counted: (typeof COUNTED)[string] | undefined;
  /** The next frame's number: both venues begin at 0. */
  private next = 0;
  /** The connection's name, that of its first frame. */
  private name: string | null = null;

  constructor(dialect: string) {
    this.counted = COUNTED[dialect];
  }

  /** The text with the connection's next number; as it is where the venue does not count, or the frame has none. */
  renumber(text: string): string {
    if (this.counted === undefined) return text;
    const { number, name } = this.counted;
    const found = text.indexOf(number);
    if (found < 0) return text;
    const from = found + number.length;
    const numbered = `${text.slice(0, from)}${this.next++}${text.slice(numberEnd(text, from))}`;
    return name === null ? numbered : this.rename(numbered, name);
  }

  private rename(text: string, member: string): string {
    const from = text.indexOf(member) + member.length;
    const to = text.indexOf('"', from);
    this.name ??= text.slice(from, to);
    return `${text.slice(0, from)}${this.name}${text.slice(to)}`;
  }
}
