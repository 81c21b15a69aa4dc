// Verified echo, 64 in flight a client: verified messages a second on one core, beside the bare C client.

import { median, runHighwater, steadyMicros } from '../highwater.js';
import { runPinned, startEchoServer } from '../rig/processes.js';

const ROUNDS = 5;
const SECONDS = 8;

export async function rows({ rig }) {
  if (rig === null) return [];
  const server = await startEchoServer({ core: 0 });
  const port = String(server.ports[0]);
  const rounds = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const bare = JSON.parse(await runPinned(1, rig.bareClient, [port, '100', '64', '64', String(SECONDS)]));
      const ours = await runHighwater(1, [
        `ws://127.0.0.1:${port}`,
        '-c',
        '100',
        '--bytes',
        '64',
        '--closed',
        '64',
        '-d',
        `${SECONDS}s`,
      ]);
      rounds.push({ bare: bare.messagesPerSecond, ours: steadyRate(ours), micros: steadyMicros(ours) });
    }
  } finally {
    await server.stop();
  }
  const of = (name) => median(rounds.map((round) => round[name]));
  const best = Math.max(...rounds.map((round) => round.ours));
  const million = (perSecond) => `${(perSecond / 1e6).toFixed(2)} M/s`;
  return [
    {
      claim: 'the same, 64 in flight a client: verified messages a second, one core',
      goal: '> 3 M/s',
      measured: `${million(of('ours'))} (best ${million(best)}, ${of('micros').toFixed(3)} µs each; bare C ${million(of('bare'))})`,
      reached: of('ours') > 3e6,
    },
  ];
}

/** The median second after the first two, in which code is still being compiled. */
function steadyRate(result) {
  const points = result.timeline.filter((point) => point.second >= 2 && point.cpuRatio !== null).slice(0, -1);
  return median(points.map((point) => point.delivered));
}
