// A file that grows line by line, where every write may fail: the disk is full, a limit is reached, the file system went away.
// What the kernel took of a line that failed stays there, torn; the next line begins on a line of its own.

import { closeSync, openSync, writeSync } from 'node:fs';

export interface AppendFile {
  /** All of it is with the kernel when the call returns. Throws the system's error. */
  append(line: string): void;
  close(): void;
}

export function openAppendFile(file: string): AppendFile {
  const descriptor = openSync(file, 'a');
  let isTorn = false;
  return {
    append(line) {
      const bytes = Buffer.from(`${isTorn ? '\n' : ''}${line}\n`);
      let written = 0;
      try {
        // A write that reaches a limit takes what fits and says so only the next time.
        while (written < bytes.length) written += writeSync(descriptor, bytes, written);
        isTorn = false;
      } catch (error) {
        isTorn ||= written > 0;
        throw error;
      }
    },
    close: () => closeSync(descriptor),
  };
}
