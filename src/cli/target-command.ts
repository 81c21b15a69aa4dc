// `highwater target`: the reference target by itself, until Ctrl-C.

import { HighwaterError } from '../facts/error.ts';
import { startReferenceTarget } from '../target/reference-target.ts';

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

export async function targetCommand(flags: { host: string; port: string; compression: boolean }): Promise<number> {
  const port = Number(flags.port);
  if (!/^\d+$/.test(flags.port) || port > 65_535) {
    throw new HighwaterError('ARGUMENTS_INVALID', [
      `--port: expected a port from 0 to 65535, got ${JSON.stringify(flags.port)}`,
    ]);
  }
  const target = await startReferenceTarget({
    host: flags.host,
    port,
    behaviour: 'echo',
    compression: flags.compression,
    maxMessageBytes: MAX_MESSAGE_BYTES,
  }).catch((error: Error) => {
    throw new HighwaterError('ARGUMENTS_INVALID', [
      `--host, --port: expected ${flags.host}:${port} to be free to listen on, got: ${error.message}`,
    ]);
  });
  process.stdout.write(`listening ${target.url}\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await target.close();
  return 0;
}
