// Gives the venues' simulators the checksum that Kraken and OKX seal their books with.

export { crc32 } from '../synthetic/crc32.ts';
