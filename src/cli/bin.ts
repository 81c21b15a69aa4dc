#!/usr/bin/env node
// What `highwater` starts: the only place that touches argv and the process's exit code.

import { EXIT_CODES } from '../facts/error.ts';
import { main } from './main.ts';

// A reader that has gone (`| head`) is no failure of the run: the verdict is still the exit code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    if (stream === process.stdout) process.stderr.write(`the answer could not be written: ${error.message}\n`);
    process.exit(EXIT_CODES.internal);
  });
}

process.exitCode = await main(process.argv.slice(2));
