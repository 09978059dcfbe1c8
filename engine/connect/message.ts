// What a venue's text says outside of market data: a JSON object, or nothing that can be read.

export type Message = Readonly<Record<string, unknown>>;

/** Null for what is no object. */
export function asMessage(value: unknown): Message | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Message) : null;
}

/** Null for what is no JSON object, whatever the text. */
export function messageOf(text: string): Message | null {
  try {
    return asMessage(JSON.parse(text));
  } catch {
    return null;
  }
}
