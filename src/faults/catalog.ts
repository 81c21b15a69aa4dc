// All faults of the proxy by the name under which a file, or a plan, asks for them.

import type { FaultDefinition } from './fault.ts';
import { close } from './frames/close.ts';
import { coalesce } from './frames/coalesce.ts';
import { corrupt } from './frames/corrupt.ts';
import { delay } from './frames/delay.ts';
import { drop } from './frames/drop.ts';
import { duplicate } from './frames/duplicate.ts';
import { fabricate } from './frames/fabricate.ts';
import { oversize } from './frames/oversize.ts';
import { reorder } from './frames/reorder.ts';
import { replay } from './frames/replay.ts';
import { split } from './frames/split.ts';
import { swallowPong } from './frames/swallow_pong.ts';
import { truncate } from './frames/truncate.ts';
import { bandwidth } from './toxics/bandwidth.ts';
import { down } from './toxics/down.ts';
import { latency } from './toxics/latency.ts';
import { limitData } from './toxics/limit_data.ts';
import { resetPeer } from './toxics/reset_peer.ts';
import { slicer } from './toxics/slicer.ts';
import { slowClose } from './toxics/slow_close.ts';
import { timeout } from './toxics/timeout.ts';

export const FAULTS: Readonly<Record<string, FaultDefinition>> = {
  latency,
  bandwidth,
  slow_close: slowClose,
  timeout,
  reset_peer: resetPeer,
  slicer,
  limit_data: limitData,
  down,
  drop,
  duplicate,
  reorder,
  delay,
  corrupt,
  truncate,
  replay,
  fabricate,
  split,
  coalesce,
  close,
  swallow_pong: swallowPong,
  oversize,
};
