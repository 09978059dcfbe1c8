// Other writings of a frame for decoder tests: members in any order, unknown ones between them, one twice, escapes.

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** A number below the limit. */
export type Choose = (limit: number) => number;

const GAPS = ['', '', ' ', '\n', '\t ', '\r\n'];
/** Its members have the names of known ones, at a place where none belongs. */
const UNKNOWN_MEMBER = '"x_new":{"data":[null,true,-1.5e9,{"arg":"\u00e9"}]}';

/** A value's text with members in any order, an unknown one in each object, and white space: as the choices say. */
export function rewritten(item: JsonValue, choose: Choose): string {
  const gap = (): string => GAPS[choose(GAPS.length)];
  if (Array.isArray(item))
    return `[${gap()}${item.map((part) => rewritten(part, choose)).join(`${gap()},${gap()}`)}${gap()}]`;
  if (item === null || typeof item !== 'object') return JSON.stringify(item);
  const members = Object.entries(item).map(([key, part]) => `"${key}"${gap()}:${gap()}${rewritten(part, choose)}`);
  members.push(UNKNOWN_MEMBER);
  for (let i = members.length - 1; i > 0; i--) {
    const other = choose(i + 1);
    [members[i], members[other]] = [members[other], members[i]];
  }
  return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
}

/** The frame with the first field of that name written twice. */
export function doubled(frame: string, name: string): string {
  const from = frame.indexOf(`"${name}":`);
  for (let to = from + name.length + 4; to <= frame.length; to++) {
    const member = frame.slice(from, to);
    try {
      JSON.parse(`{${member}}`);
      if (',}'.includes(frame[to])) return `${frame.slice(0, to)},${member}${frame.slice(to)}`;
    } catch {
      // Not a whole member yet.
    }
  }
  throw new Error(`expected a field ${name}, was ${frame}`);
}

/** The frame with the first letter of each text as an escape. */
export function escaped(frame: string): string {
  return frame.replace(/"([a-zA-Z])/g, (_, first: string) => `"\\u00${first.charCodeAt(0).toString(16)}`);
}
