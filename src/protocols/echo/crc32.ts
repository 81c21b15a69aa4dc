// CRC-32 (ISO 3309, the polynomial of zlib and Ethernet, reflected 0xedb88320) over 32-bit words, two words
// a step ("slicing by eight", Kounavis and Berry 2005): the steps form one chain of dependent loads, so
// fewer of them is what counts. Six words cost a tenth of a call into zlib. Words are signed
// throughout: V8 keeps those in registers, but boxes a number above 2^31 that leaves a function.

const TABLES: Int32Array = sliceTables();

/**
 * CRC-32 of the little-endian bytes of `words[from]` up to `words[to - 1]`, as a signed number. `start` is the
 * register's first state: −1 gives the standard's own value.
 */
export function wordsCrc32(words: Int32Array, from: number, to: number, start: number): number {
  const tables = TABLES;
  let crc = start;
  let i = from;
  for (; i + 1 < to; i += 2) {
    const first = crc ^ words[i]!;
    const second = words[i + 1]!;
    crc =
      tables[1792 + (first & 0xff)]! ^
      tables[1536 + ((first >>> 8) & 0xff)]! ^
      tables[1280 + ((first >>> 16) & 0xff)]! ^
      tables[1024 + (first >>> 24)]! ^
      tables[768 + (second & 0xff)]! ^
      tables[512 + ((second >>> 8) & 0xff)]! ^
      tables[256 + ((second >>> 16) & 0xff)]! ^
      tables[second >>> 24]!;
  }
  if (i < to) {
    const last = crc ^ words[i]!;
    crc =
      tables[768 + (last & 0xff)]! ^
      tables[512 + ((last >>> 8) & 0xff)]! ^
      tables[256 + ((last >>> 16) & 0xff)]! ^
      tables[last >>> 24]!;
  }
  return ~crc;
}

/** The same over `wordCount` words of a view, an even number: they are not copied first. */
export function viewCrc32(view: DataView, at: number, wordCount: number, start: number): number {
  const tables = TABLES;
  let crc = start;
  const end = at + 4 * wordCount;
  for (let offset = at; offset < end; offset += 8) {
    const first = crc ^ view.getInt32(offset, true);
    const second = view.getInt32(offset + 4, true);
    crc =
      tables[1792 + (first & 0xff)]! ^
      tables[1536 + ((first >>> 8) & 0xff)]! ^
      tables[1280 + ((first >>> 16) & 0xff)]! ^
      tables[1024 + (first >>> 24)]! ^
      tables[768 + (second & 0xff)]! ^
      tables[512 + ((second >>> 8) & 0xff)]! ^
      tables[256 + ((second >>> 16) & 0xff)]! ^
      tables[second >>> 24]!;
  }
  return ~crc;
}

/** CRC-32 of the characters of an ASCII text, as the standard has it (`123456789` gives cbf43926), unsigned. */
export function textCrc32(text: string): number {
  let crc = -1;
  for (let i = 0; i < text.length; i++) crc = (crc >>> 8) ^ TABLES[(crc ^ text.charCodeAt(i)) & 0xff]!;
  return ~crc >>> 0;
}

function sliceTables(): Int32Array {
  const tables = new Int32Array(2048);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
    tables[byte] = crc;
  }
  for (let slice = 1; slice < 8; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const crc = tables[256 * (slice - 1) + byte]!;
      tables[256 * slice + byte] = (crc >>> 8) ^ tables[crc & 0xff]!;
    }
  }
  return tables;
}
