// Owns the CRC-32 of the venues' checksums (IEEE, reflected, as in zlib), one bit at a time.

export function crc32(text: string): number {
  let remainder = 0xffffffff;
  for (const byte of Buffer.from(text, 'utf8')) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
    }
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
