// Records that killed their shard twice: kept in the journal's folder, so that no recovery meets them again.

import { POISONS_MAX } from '../../schemas/config.ts';
import type { JournalFolder } from '../journal/files.ts';

/** The records of one market, by its id and name, in one entry of the journal; ids are the same over its whole life. */
export type Poison = { readonly sequence: number; readonly id: number; readonly market: string };

const FILE = 'poison.json';

function isPoison(value: unknown): value is Poison {
  if (typeof value !== 'object' || value === null) return false;
  const { sequence, id, market } = value as Readonly<Partial<Record<keyof Poison, unknown>>>;
  return typeof sequence === 'number' && typeof id === 'number' && typeof market === 'string';
}

/** Thread: main. Reads and writes wait for the disk; both are rare, and of a few kilobytes. */
export class Poisons {
  private readonly folder: Pick<JournalFolder, 'list' | 'sizeOf' | 'read' | 'replace'>;
  private readonly known: Poison[];

  /** A list that cannot be read is an empty one: what it held is found again the way it was found. */
  constructor(folder: Pick<JournalFolder, 'list' | 'sizeOf' | 'read' | 'replace'>) {
    this.folder = folder;
    this.known = this.load();
  }

  private load(): Poison[] {
    if (!this.folder.list().includes(FILE)) return [];
    try {
      const text = Buffer.from(this.folder.read(FILE, 0, this.folder.sizeOf(FILE))).toString('utf8');
      const list: unknown = JSON.parse(text);
      return Array.isArray(list) ? list.filter(isPoison).slice(-POISONS_MAX) : [];
    } catch {
      return [];
    }
  }

  /** Keeps one more; the oldest goes where there are too many. Throws where the file cannot be written; it is known even so. */
  add(poison: Poison): void {
    if (this.known.some(({ sequence, id }) => sequence === poison.sequence && id === poison.id)) return;
    this.known.push(poison);
    if (this.known.length > POISONS_MAX) this.known.shift();
    this.folder.replace(FILE, Buffer.from(`${JSON.stringify(this.known)}\n`));
  }

  list(): readonly Poison[] {
    return this.known;
  }
}
