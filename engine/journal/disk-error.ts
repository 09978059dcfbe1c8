// What is told of an error of the disk.

/** Its code, as ENOSPC; or its name where it has none. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

const MEANINGS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the quota of the disk is used up',
  EFBIG: 'the file would be larger than allowed',
  EIO: 'the disk failed',
  EROFS: 'the disk can only be read',
  EMFILE: 'too many files are open in this process',
  ENFILE: 'too many files are open on this machine',
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  ENOENT: 'the file or its folder is gone',
};

/** As `ENOSPC, no space left on the disk`. */
export function errorSentence(error: unknown): string {
  const code = errorCode(error);
  const meaning = MEANINGS[code] ?? (error instanceof Error ? error.message : '');
  return meaning === '' ? code : `${code}, ${meaning}`;
}

/** True for what the system answers; anything else is a bug of ours. */
export function isDiskError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code);
}
