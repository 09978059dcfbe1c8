// The table of CRC-32 (IEEE 802.3, reflected, as in zlib), for all who take in bytes one by one. Runs in browsers too.

const POLYNOMIAL = 0xedb88320;

export const CRC32_TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  return remainder;
});

/** Of ASCII text. Unsigned. */
export function crc32OfText(text: string): number {
  let remainder = -1;
  for (let i = 0; i < text.length; i++)
    remainder = CRC32_TABLE[(remainder ^ text.charCodeAt(i)) & 0xff] ^ (remainder >>> 8);
  return ~remainder >>> 0;
}
