// Marks of signal events on the chart: a bounded past of them, each with a shape that says its direction without colour.

import type { Signal } from '../../schemas/feed.ts';

const MARKS_MAX = 200;
const UP = /(-up|-buy|^above)$/;
const DOWN = /(-down|-sell|^below)$/;

export type SignalMark = {
  readonly key: string;
  readonly name: string;
  readonly event: string;
  readonly atMs: number;
  readonly direction: 'up' | 'down' | 'none';
};

export function directionOf(event: string): SignalMark['direction'] {
  if (UP.test(event)) return 'up';
  return DOWN.test(event) ? 'down' : 'none';
}

export class SignalMarks {
  private readonly marks = new Map<string, SignalMark>();

  /** Of one signal, oldest first; '' is every one. */
  of(name: string): readonly SignalMark[] {
    const all = [...this.marks.values()];
    return name === '' ? all : all.filter((mark) => mark.name === name);
  }

  /** Whether it is news: messages without an event are not, nor is one that is told again after a reconnect. */
  take({ name, event, timestamp, localTimestamp, inputSeq }: Signal): boolean {
    const at = timestamp ?? localTimestamp;
    const key = `${name} ${inputSeq} ${event}`;
    if (event === undefined || event === null || at === null || this.marks.has(key)) return false;
    this.marks.set(key, { key, name, event, atMs: Date.parse(at), direction: directionOf(event) });
    for (const oldest of this.marks.keys()) {
      if (this.marks.size <= MARKS_MAX) break;
      this.marks.delete(oldest);
    }
    return true;
  }
}

/** What stands at one bar: events of one direction are one mark, which tells how many they are. */
export type MarkGroup = {
  readonly time: number;
  readonly direction: SignalMark['direction'];
  readonly names: ReadonlySet<string>;
  readonly newest: SignalMark;
  readonly count: number;
};

/** Marks by bar and direction, in order of time; those before the first bar are left out. */
export function groupsOf(marks: readonly SignalMark[], barTimeOf: (atMs: number) => number | undefined): MarkGroup[] {
  const groups = new Map<
    string,
    { time: number; direction: SignalMark['direction']; names: Set<string>; newest: SignalMark; count: number }
  >();
  for (const mark of marks) {
    const time = barTimeOf(mark.atMs);
    if (time === undefined) continue;
    const key = `${time} ${mark.direction}`;
    const group = groups.get(key) ?? {
      time,
      direction: mark.direction,
      names: new Set<string>(),
      newest: mark,
      count: 0,
    };
    group.names.add(mark.name);
    group.newest = mark;
    group.count++;
    groups.set(key, group);
  }
  return [...groups.values()].toSorted((a, b) => a.time - b.time);
}
