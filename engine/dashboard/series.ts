// Columns of numbers by time, bounded: each message of late, and one row a minute further back.

const MINUTE_S = 60;

export type Row<Name extends string> = Readonly<Record<Name, number | null>>;
/** Times in seconds since 1970, then a column for each name, as uPlot takes them. */
export type Columns = [number[], ...(number | null)[][]];

export class Series<Name extends string> {
  readonly times: number[] = [];
  private readonly columns: Record<Name, (number | null)[]>;
  private readonly names: readonly Name[];
  private readonly rowsMax: number;
  private readonly spacingS: number;

  /** Rows that are more than three spacings apart get an empty one between them: nothing is known of that time. */
  constructor(names: readonly Name[], rowsMax: number, spacingS: number) {
    this.names = names;
    this.rowsMax = rowsMax;
    this.spacingS = spacingS;
    this.columns = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, (number | null)[]>;
  }

  push(time: number, row: Row<Name>): void {
    const last = this.times.at(-1);
    if (last !== undefined && time <= last) return;
    if (last !== undefined && time - last > 3 * this.spacingS) this.add(last + this.spacingS, null);
    this.add(time, row);
  }

  private add(time: number, row: Row<Name> | null): void {
    const isFull = this.times.length >= this.rowsMax;
    if (isFull) this.times.shift();
    this.times.push(time);
    for (const name of this.names) {
      if (isFull) this.columns[name].shift();
      this.columns[name].push(row === null ? null : row[name]);
    }
  }

  of(names: readonly Name[]): Columns {
    return [this.times, ...names.map((name) => this.columns[name])];
  }

  column(name: Name): readonly (number | null)[] {
    return this.columns[name];
  }
}

export type Merge = 'mean' | 'max';

/** Fine rows as they come, and coarse ones that hold the mean, or the most, of each minute. */
export class History<Name extends string> {
  readonly fine: Series<Name>;
  readonly coarse: Series<Name>;
  private readonly names: readonly Name[];
  private readonly merge: Merge;
  private minute = 0;
  private held: Row<Name>[] = [];

  constructor(
    names: readonly Name[],
    merge: Merge,
    fine: { readonly rows: number; readonly spacingS: number },
    hours: number,
  ) {
    this.names = names;
    this.merge = merge;
    this.fine = new Series(names, fine.rows, fine.spacingS);
    this.coarse = new Series(names, hours * 60, MINUTE_S);
  }

  push(time: number, row: Row<Name>): void {
    this.fine.push(time, row);
    const minute = Math.floor(time / MINUTE_S);
    if (minute !== this.minute && this.held.length > 0) {
      this.coarse.push((this.minute + 1) * MINUTE_S, this.merged());
      this.held = [];
    }
    this.minute = minute;
    this.held.push(row);
  }

  private merged(): Row<Name> {
    const values = (name: Name): number[] => this.held.flatMap((row) => row[name] ?? []);
    const one = (found: readonly number[]): number | null => {
      if (found.length === 0) return null;
      if (this.merge === 'max') return found.reduce((most, value) => Math.max(most, value));
      return found.reduce((sum, value) => sum + value, 0) / found.length;
    };
    return Object.fromEntries(this.names.map((name) => [name, one(values(name))])) as Row<Name>;
  }
}

/** Change in an hour, by least squares over all that is known; null where that is less than `leastS` seconds. */
export function trendPerHour(
  times: readonly number[],
  values: readonly (number | null)[],
  leastS: number,
): number | null {
  const known = times.flatMap((time, index) => {
    const value = values[index];
    return value === null || value === undefined ? [] : [[time, value] as const];
  });
  if (known.length < 2 || known[known.length - 1][0] - known[0][0] < leastS) return null;
  const mean = (of: (point: readonly [number, number]) => number): number =>
    known.reduce((sum, point) => sum + of(point), 0) / known.length;
  const [time, value] = [mean(([at]) => at), mean(([, held]) => held)];
  const covariance = mean(([at, held]) => (at - time) * (held - value));
  return (covariance / mean(([at]) => (at - time) ** 2)) * 3600;
}
