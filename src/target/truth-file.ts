// The truth log as a file: one JSON line for each act, in the order of the acts.

import { createWriteStream } from 'node:fs';
import { encodeTruth, type LogAct } from '../injection/truth.ts';

export interface TruthFile {
  readonly logAct: LogAct;
  /** Resolves when every line is on disk; rejects with the first error of the file. */
  close(): Promise<void>;
}

/** Rejects with the file's error, such as ENOENT or EISDIR. */
export async function openTruthFile(file: string): Promise<TruthFile> {
  const stream = createWriteStream(file);
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', reject);
  });
  let failure: Error | null = null;
  stream.on('error', (error) => {
    failure ??= error;
  });
  const openedNs = process.hrtime.bigint();
  return {
    logAct(act) {
      stream.write(`${encodeTruth({ ...act, atNs: Number(process.hrtime.bigint() - openedNs) })}\n`);
    },
    close: () =>
      new Promise((resolve, reject) => {
        stream.end(() => (failure === null ? resolve() : reject(failure)));
        if (stream.destroyed) reject(failure ?? new Error(`${file} was closed`));
      }),
  };
}
