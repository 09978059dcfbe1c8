// Owns CRC-32 (IEEE 802.3, reflected, as in zlib) of ASCII text; Node's own came with 20.15, we run from 20.11.

const POLYNOMIAL = 0xedb88320;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  return remainder;
});

/** Unsigned. */
export function crc32(text: string): number {
  let remainder = -1;
  for (let i = 0; i < text.length; i++) remainder = TABLE[(remainder ^ text.charCodeAt(i)) & 0xff] ^ (remainder >>> 8);
  return ~remainder >>> 0;
}
