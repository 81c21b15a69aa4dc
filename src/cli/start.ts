// The command, once it is known that it can be loaded: the only place that touches argv and the process's exit code.

import { EXIT_CODES } from '../facts/error.ts';
import { main } from './main.ts';
import { reportError } from './report-error.ts';

// A reader that has gone (`| head`) is no failure of the run: the verdict is still the exit code.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    if (stream === process.stdout) process.stderr.write(`the output could not be written: ${error.message}\n`);
    process.exit(EXIT_CODES.internal);
  });
}

// A bug in an event handler must not end in 1, which means that a rule was broken.
process.on('uncaughtException', (error) => process.exit(reportError(error)));

process.exitCode = await main(process.argv.slice(2));
