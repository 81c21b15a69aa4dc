// The first and the last bytes of a file, for what stands there: a record may be large, and what it is shows at its ends.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface Ends {
  readonly head: string;
  readonly tail: string;
}

/** Null where the file cannot be read. The ends of a short file overlap. */
export function endsOfFile(file: string, bytes: number): Ends | null {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const { size } = fstatSync(descriptor);
      const read = (position: number): string => {
        const buffer = Buffer.alloc(Math.min(bytes, size));
        return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, position));
      };
      return { head: read(0), tail: read(Math.max(0, size - bytes)) };
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
}
