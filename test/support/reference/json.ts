// Owns reading JSON with every number kept as the text that was sent, and the typed access to its fields.
import { parseDecimal, plainText } from './decimal.ts';
import { Rejected } from './rejection.ts';

export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type JsonObject = Map<string, Json>;
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject;

/** Deeper nesting is no market data; real frames nest 6 deep. */
const DEPTH_MAX = 32;

/** Reads one document. JSON.parse judges the syntax first, so the walk below may trust its input. */
export function readJson(text: string): Json {
  try {
    JSON.parse(text);
  } catch {
    throw new Rejected('syntax', 'not JSON');
  }
  return new Reader(text).value(0);
}

class Reader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  value(depth: number): Json {
    if (depth > DEPTH_MAX) throw new Rejected('shape', `nested deeper than ${DEPTH_MAX}`);
    this.skipSpace();
    const first = this.text[this.at];
    if (first === '{') return this.object(depth);
    if (first === '[') return this.array(depth);
    if (first === '"') return this.string();
    if (first === 't') return this.word(true, 4);
    if (first === 'f') return this.word(false, 5);
    if (first === 'n') return this.word(null, 4);
    const start = this.at;
    while ('+-.eE0123456789'.includes(this.text[this.at] ?? ' ')) this.at += 1;
    return new JsonNumber(this.text.slice(start, this.at));
  }

  private object(depth: number): JsonObject {
    const result: JsonObject = new Map();
    while (this.hasMore('}')) {
      const key = this.string();
      this.skipSpace();
      this.at += 1; // the colon
      result.set(key, this.value(depth + 1));
    }
    return result;
  }

  private array(depth: number): Json[] {
    const result: Json[] = [];
    while (this.hasMore(']')) result.push(this.value(depth + 1));
    return result;
  }

  /** Steps over the opening bracket or the comma; false after the closing one. */
  private hasMore(end: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== end) {
      this.at += 1;
      this.skipSpace();
      if (this.text[this.at] !== end) return true;
    }
    this.at += 1;
    return false;
  }

  private string(): string {
    const start = this.at;
    this.at += 1;
    while (this.text[this.at] !== '"') this.at += this.text[this.at] === '\\' ? 2 : 1;
    this.at += 1;
    const raw = this.text.slice(start + 1, this.at - 1);
    return raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
  }

  private word<T>(value: T, length: number): T {
    this.at += length;
    return value;
  }

  private skipSpace(): void {
    while (' \t\r\n'.includes(this.text[this.at] ?? 'x')) this.at += 1;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map;
}

export function asObject(value: Json | undefined, what: string): JsonObject {
  if (!isObject(value)) throw new Rejected('shape', `expected an object for ${what}`);
  return value;
}

function need(object: JsonObject, name: string): Json {
  const value = object.get(name);
  if (value === undefined) throw new Rejected('missing-field', name);
  return value;
}

export function textField(object: JsonObject, name: string): string {
  const value = need(object, name);
  if (typeof value !== 'string') throw new Rejected('type', `expected text in ${name}`);
  return value;
}

export function booleanField(object: JsonObject, name: string): boolean {
  const value = need(object, name);
  if (typeof value !== 'boolean') throw new Rejected('type', `expected true or false in ${name}`);
  return value;
}

export function listField(object: JsonObject, name: string): Json[] {
  const value = need(object, name);
  if (!Array.isArray(value)) throw new Rejected('type', `expected a list in ${name}`);
  return value;
}

/** A whole number, sent as JSON number or as text of digits. */
export function integerField(object: JsonObject, name: string): bigint {
  const value = need(object, name);
  const text = value instanceof JsonNumber ? value.text : value;
  if (typeof text !== 'string' || !/^-?\d{1,19}$/.test(text)) {
    throw new Rejected('type', `expected a whole number in ${name}`);
  }
  return BigInt(text);
}

/** The plain digits of a decimal as sent: text without exponent, or a JSON number, its exponent written out. */
export function decimalText(value: Json | undefined, name: string): string {
  if (value === undefined) throw new Rejected('missing-field', name);
  if (value instanceof JsonNumber) return plainText(value.text);
  if (typeof value !== 'string') throw new Rejected('type', `expected a decimal in ${name}`);
  return value;
}

export function decimalField(object: JsonObject, name: string): bigint {
  return parseDecimal(decimalText(object.get(name), name));
}
