// The lines of a file, one after the other, with a bound on each: a file that was damaged may hold anything, such as the blocks of
// zeros that a power cut leaves behind, and memory must not follow. A line beyond the bound is left out, as no line of a record is
// so long; what reads records knows by the numbers of lines that one is missing.

import { createReadStream } from 'node:fs';

const MOST_LINE_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Without their ends, which are `\n` or `\r\n`; the last needs none. Rejects with the system's error. */
export async function* readLines(file: string, mostLineBytes = MOST_LINE_BYTES): AsyncGenerator<string> {
  /** Of the line that has begun; null where it is too long already. */
  let begun: Buffer[] | null = [];
  let begunBytes = 0;
  const chunks: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      if (begun !== null && begunBytes + end - start <= mostLineBytes) yield textOf(begun, chunk.subarray(start, end));
      begun = [];
      begunBytes = 0;
      start = end + 1;
    }
    if (begun === null) continue;
    begunBytes += chunk.length - start;
    if (begunBytes > mostLineBytes) begun = null;
    else begun.push(chunk.subarray(start));
  }
  if (begun !== null && begunBytes > 0) yield textOf(begun, Buffer.alloc(0));
}

function textOf(begun: readonly Buffer[], rest: Buffer): string {
  const line = begun.length === 0 ? rest : Buffer.concat([...begun, rest]);
  return line.toString('utf8', 0, line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length);
}
