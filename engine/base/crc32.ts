// Owns CRC-32 (IEEE 802.3, reflected, as in zlib) of bytes: Node's own where it has one, from 20.15, else a table.

import zlib from 'node:zlib';

const POLYNOMIAL = 0xedb88320;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  return remainder;
});

/** By the table, 0.4 GB/s; `before` is the checksum of what came before. Unsigned. */
export function crc32ByTable(bytes: Uint8Array, before = 0): number {
  let remainder = ~before;
  for (let i = 0; i < bytes.length; i++) remainder = TABLE[(remainder ^ bytes[i]) & 0xff] ^ (remainder >>> 8);
  return ~remainder >>> 0;
}

/** Of ASCII text. Unsigned. */
export function crc32OfText(text: string): number {
  let remainder = -1;
  for (let i = 0; i < text.length; i++) remainder = TABLE[(remainder ^ text.charCodeAt(i)) & 0xff] ^ (remainder >>> 8);
  return ~remainder >>> 0;
}

type Crc32 = (bytes: Uint8Array, before?: number) => number;

/** Of bytes that are not shared between threads. Unsigned. */
export const crc32: Crc32 = (zlib as { crc32?: Crc32 }).crc32 ?? crc32ByTable;
