// 10,000 clients, 8,000 messages a second in an open loop, the target on the other core: how late messages
// are sent, and what share of its core the worker needs. Not pinned: the coordinator would share the worker's core.

import { runHighwater } from '../highwater.js';
import { startEchoServer } from '../rig/processes.js';

export async function rows({ rig }) {
  if (rig === null) return [];
  const server = await startEchoServer({ core: 0 });
  try {
    const url = `ws://127.0.0.1:${server.ports[0]}`;
    const result = await runHighwater(null, [
      url,
      '-c',
      '10000',
      '-r',
      '8000/s',
      '-d',
      '20s',
      '--pace',
      'economical',
      '-w',
      '1',
    ]);
    const precise = await runHighwater(null, [
      url,
      '-c',
      '10000',
      '-r',
      '8000/s',
      '-d',
      '10s',
      '--pace',
      'precise',
      '-w',
      '1',
    ]);
    const seconds = result.timeline.filter((point) => point.sent > 7000 && point.cpuRatio !== null);
    const cpuRatio = seconds.reduce((sum, point) => sum + point.cpuRatio, 0) / seconds.length;
    return [
      {
        claim: '10,000 clients, 8,000 messages/s open loop: send lag p99, CPU of a core',
        goal: '< 2 ms, < 35 %',
        measured: `${result.sendLag.p99Ms.toFixed(2)} ms (p50 ${result.sendLag.p50Ms.toFixed(2)}), ${(100 * cpuRatio).toFixed(0)} %`,
        reached: result.sendLag.p99Ms < 2 && cpuRatio < 0.35,
      },
      {
        claim: 'the same with pace: precise (a whole core)',
        goal: 'printed',
        measured: `${precise.sendLag.p99Ms.toFixed(2)} ms (p50 ${precise.sendLag.p50Ms.toFixed(3)})`,
        reached: null,
      },
    ];
  } finally {
    await server.stop();
  }
}
