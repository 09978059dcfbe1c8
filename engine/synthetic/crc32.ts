// Gives the generators the checksum of ASCII text that Kraken's books are sealed with.

export { crc32OfText as crc32 } from '../base/crc32-table.ts';
