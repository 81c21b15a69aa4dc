// Verified echo, closed loop, one in flight: CPU a message against the bare C client (which checks nothing)
// and against a client on `ws` (which checks nothing). In turn, several rounds, medians of the rounds' ratios.
// Ours without its first two seconds; the others have nothing, or little, to warm up.

import { fileURLToPath } from 'node:url';
import { median, runHighwater, steadyMicros, times } from '../highwater.js';
import { runPinned, startEchoServer } from '../rig/processes.js';

const CLIENTS = '100';
const BYTES = '64';
const SECONDS = 8;
const ROUNDS = 5;
const WS_CLIENT = fileURLToPath(new URL('../rig/ws-client.js', import.meta.url));

export async function rows({ rig }) {
  if (rig === null) return [];
  const server = await startEchoServer({ core: 0 });
  const port = String(server.ports[0]);
  const rounds = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const bare = JSON.parse(await runPinned(1, rig.bareClient, [port, CLIENTS, BYTES, '1', String(SECONDS)]));
      const ours = await runHighwater(1, [
        `ws://127.0.0.1:${port}`,
        '-c',
        CLIENTS,
        '--bytes',
        BYTES,
        '--closed',
        '1',
        '-d',
        `${SECONDS}s`,
      ]);
      const plain = JSON.parse(
        await runPinned(1, process.execPath, [WS_CLIENT, port, CLIENTS, BYTES, '1', String(SECONDS)]),
      );
      const ourMicros = steadyMicros(ours);
      rounds.push({
        toBare: ourMicros / bare.cpuMicrosPerMessage,
        toWs: ourMicros / plain.cpuMicrosPerMessage,
        bare: bare.cpuMicrosPerMessage,
        ours: ourMicros,
        ws: plain.cpuMicrosPerMessage,
      });
    }
  } finally {
    await server.stop();
  }
  const of = (name) => median(rounds.map((round) => round[name]));
  const detail = `(${of('ours').toFixed(2)} µs; bare C ${of('bare').toFixed(2)}, ws ${of('ws').toFixed(2)})`;
  return [
    {
      claim: 'verified echo, closed, 100 clients, 64 B: CPU a message / bare C',
      goal: '≤ 1.5 ×',
      measured: `${times(of('toBare'))} ${detail}`,
      reached: of('toBare') <= 1.5,
    },
    {
      claim: 'the same / minimal client on ws that checks nothing',
      goal: '≤ 0.72 ×',
      measured: times(of('toWs')),
      reached: of('toWs') <= 0.72,
    },
  ];
}
