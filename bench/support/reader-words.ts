// Words (Float64) that a bench, its sender and its subscribers share.

export const readerWords = { received: 0, replies: 1, gaps: 2, startNs: 3 } as const;
export const READER_WORDS = 8;
