// Names of the files in a journal's folder.

const SEGMENT = /^journal-(\d{8,})\.mrj$/;
const CHECKPOINT = /^checkpoint-(\d+)\.mrc$/;
const NUMBER_DIGITS = 8;

/** A file that is being written and gets its name when it is whole; one that is found at start is left from a crash. */
export const TEMPORARY_ENDING = '.tmp';

export function segmentName(segment: number): string {
  return `journal-${String(segment).padStart(NUMBER_DIGITS, '0')}.mrj`;
}

export function checkpointName(number: number): string {
  return `checkpoint-${number}.mrc`;
}

/** Number of the segment, or null where the name is no segment's. */
export function segmentOfName(name: string): number | null {
  const digits = SEGMENT.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Number of the checkpoint, or null where the name is no checkpoint's. */
export function checkpointOfName(name: string): number | null {
  const digits = CHECKPOINT.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}
