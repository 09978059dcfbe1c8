// Text of a configuration file as values: JSON or YAML 1.2, where each key stands, and what is wrong, by line and column.

import {
  type CST,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  Parser,
  parseDocument,
  visit,
} from 'yaml';
import { CONFIG_ALIASES_MAX, CONFIG_DEPTH_MAX } from '../../schemas/config.ts';

export type Syntax = 'json' | 'yaml';

export type Parsed = {
  readonly value: unknown;
  /** The line, from 1, on which the key or the item at a path stands; null where there is none. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | null;
};

/** Wrong text. The message never quotes any of it: a secret may stand there. */
export class FileTextError extends Error {
  override name = 'FileTextError';
}

/** What the parser's findings mean. Its own sentences quote the file. */
const FINDINGS: Partial<Readonly<Record<ErrorCode, string>>> = {
  BAD_ALIAS: 'an alias of nothing',
  BAD_DIRECTIVE: 'a directive that is not known',
  BAD_INDENT: 'an indentation that fits nothing above it',
  BAD_SCALAR_START: 'a character that must be quoted',
  BLOCK_AS_IMPLICIT_KEY: 'a value begun where a key was',
  DUPLICATE_KEY: 'a key that was there before',
  KEY_OVER_1024_CHARS: 'a key of more than 1,024 characters',
  MISSING_CHAR: 'a missing character, such as a closing quote, a bracket or a colon',
  MULTILINE_IMPLICIT_KEY: 'a key over several lines: a colon, the space behind it or a quote is missing',
  MULTIPLE_DOCS: 'a second document',
  NON_STRING_KEY: 'a key that is no text',
  TAB_AS_INDENT: 'a tab in the indentation: use spaces',
  TAG_RESOLVE_FAILED: 'a tag, which no setting takes',
};

type Place = { readonly line: number; readonly col: number };
const at = ({ line, col }: Place): string => `at line ${line}, column ${col}`;

function refuse(finding: string, place: Place | null): never {
  throw new FileTextError(place === null ? finding : `${finding} ${at(place)}`);
}

/** The place of an offset in a text. */
function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, col: (before.at(-1) ?? '').length + 1 };
}

/** True for JSON, and for text that could be its beginning. */
function mayBeginJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    if (/^(Unexpected end|Unterminated)/.test(message)) return true;
    return Number(/ at position (\d+)/.exec(message)?.[1] ?? -1) >= text.trimEnd().length;
  }
}

/** The parser's sentence quotes the text about the place, which may be a token, and not always tells the place. */
function refuseJson(text: string): never {
  if (mayBeginJson(text)) refuse('an end that comes too early', placeOf(text, text.trimEnd().length));
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (mayBeginJson(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  refuse('no JSON', placeOf(text, good));
}

function requireJson(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    refuseJson(text);
  }
}

type Token = { readonly token: CST.Token; readonly depth: number };

function innerTokens({ token, depth }: Token): Token[] {
  if (token.type === 'document') return token.value === undefined ? [] : [{ token: token.value, depth }];
  if (!('items' in token)) return [];
  const inner: (CST.Token | null | undefined)[] = token.items.flatMap(({ key, value }) => [key, value]);
  return inner
    .filter((found) => found !== null && found !== undefined)
    .map((found) => ({ token: found, depth: depth + 1 }));
}

/**
 * Looks at the nesting before values are made: that goes by recursion, and a stack that ends inside a regular expression
 * of it ends the process. The parser proper does not recurse.
 */
function requireShallow(text: string): void {
  const waiting: Token[] = [...new Parser().parse(text)].map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.depth > CONFIG_DEPTH_MAX && 'offset' in next.token)
      refuse(`nested deeper than ${CONFIG_DEPTH_MAX}`, placeOf(text, next.token.offset));
    waiting.push(...innerTokens(next));
  }
}

/** Throws a FileTextError. JSON is YAML too; its own parser says first whether it is JSON. */
export function parsedText(text: string, syntax: Syntax): Parsed {
  if (syntax === 'json') requireJson(text);
  requireShallow(text);
  const counter = new LineCounter();
  const document = parseDocument(text, { version: '1.2', prettyErrors: false, lineCounter: counter, uniqueKeys: true });
  const findings = [...document.errors, ...document.warnings];
  const found = syntax === 'yaml' ? findings[0] : findings.find(({ code }) => code === 'DUPLICATE_KEY');
  if (found !== undefined) refuse(FINDINGS[found.code] ?? 'text that is no YAML', counter.linePos(found.pos[0]));
  requireKnownAliases(document, counter);
  const value = syntax === 'json' ? JSON.parse(text) : document.toJS({ maxAliasCount: CONFIG_ALIASES_MAX });
  return { value, lineOf: (path) => lineOf(document, counter, path) };
}

type Document = ReturnType<typeof parseDocument>;

function requireKnownAliases(document: Document, counter: LineCounter): void {
  visit(document, {
    Alias(_, node, ancestors) {
      const source = node.resolve(document);
      if (source === undefined || ancestors.includes(source as never))
        refuse('an alias of nothing, or of what it is in', node.range ? counter.linePos(node.range[0]) : null);
    },
  });
}

function keyAt(document: Document, path: readonly PropertyKey[]): unknown {
  const beside = document.getIn(path.slice(0, -1), true);
  const name = path[path.length - 1];
  return isMap(beside) ? beside.items.find(({ key }) => isScalar(key) && key.value === name)?.key : undefined;
}

function lineOf(document: Document, counter: LineCounter, path: readonly PropertyKey[]): number | null {
  const node = keyAt(document, path) ?? document.getIn(path, true);
  if (!isNode(node) || isAlias(node) || !node.range) return null;
  return counter.linePos(node.range[0]).line;
}
