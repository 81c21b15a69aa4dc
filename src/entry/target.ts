// The main of the reference target's process: on the loopback, at the port that its argument says (0 for a free one), until
// the channel ends.

import { FAULTLESS } from '../injection/behavior.ts';
import { startReferenceTarget } from '../target/reference-target.ts';
import { createServices } from '../target/services.ts';
import type { TargetListening } from '../target/target-process.ts';

const target = await startReferenceTarget({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  serve: createServices(FAULTLESS, () => {}),
  compression: true,
  maxMessageBytes: 64 * 1024 * 1024,
});
const listening: TargetListening = { url: target.url };
process.send!(listening);
process.on('disconnect', () => process.exit(0));
