// Durations and sizes as people write them: `500ms`, `10s`, `24h`, `512MiB`, `1.5GB`. One grammar for all options.

/** Milliseconds of each unit of a duration. */
export const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** Bytes of each unit of a size. */
export const SIZE_UNITS_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

export const DURATION_PATTERN = '^\\d+(?:\\.\\d+)?(?:ms|s|m|h|d|w)?$';
export const SIZE_PATTERN = '^\\d+(?:\\.\\d+)?(?:B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)?$';

function inUnits(text: string, pattern: RegExp, units: Readonly<Record<string, number>>, usual: string): number | null {
  if (!pattern.test(text)) return null;
  const [, count, unit] = /^([\d.]+)(.*)$/.exec(text) ?? [];
  return Number(count) * units[unit === '' ? usual : unit];
}

const DURATION = new RegExp(DURATION_PATTERN);
const SIZE = new RegExp(SIZE_PATTERN);

/** Milliseconds; a text without a unit has them already. Null where it is no duration. */
export const durationMsOf = (text: string): number | null => inUnits(text, DURATION, DURATION_UNITS_MS, 'ms');

/** Whole bytes; a text without a unit has them already. Null where it is no size. */
export function sizeBytesOf(text: string): number | null {
  const bytes = inUnits(text, SIZE, SIZE_UNITS_BYTES, 'B');
  return bytes === null ? null : Math.floor(bytes);
}

/** In the largest of these units that leaves a whole number; 0 is `0` in any. */
function written(value: number, units: Readonly<Record<string, number>>, names: readonly string[]): string {
  const unit = names.find((name) => value % units[name] === 0);
  return value === 0 || unit === undefined ? String(value) : `${value / units[unit]}${unit}`;
}

/** `90s` of 90,000, `24h` of a day: as durations of that length are usually spoken of. */
export function durationText(ms: number): string {
  const isLong = ms > 2 * DURATION_UNITS_MS['d'];
  const isMinutes = ms >= 2 * DURATION_UNITS_MS['m'];
  const names = [...(isLong ? ['d'] : []), ...(isMinutes ? ['h', 'm'] : []), 's', 'ms'];
  return written(ms, DURATION_UNITS_MS, names);
}

/** `512MiB` of 536,870,912. */
export const sizeText = (bytes: number): string => written(bytes, SIZE_UNITS_BYTES, ['TiB', 'GiB', 'MiB', 'KiB', 'B']);
