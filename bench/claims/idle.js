// 10,000 idle connections in one process: memory a client and connections opened a second and core, beside `ws`.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { median, runHighwater, times } from '../highwater.js';
import { runPinned, startEchoServer } from '../rig/processes.js';

const CLIENTS = 10_000;
const ROUNDS = 3;
const WS_CLIENT = fileURLToPath(new URL('../rig/ws-client.js', import.meta.url));

export async function rows({ rig }) {
  if (rig === null) return [];
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-idle-'));
  const rounds = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const server = await startEchoServer({ core: 0 });
      const plan = path.join(directory, 'idle.json');
      writeFileSync(
        plan,
        JSON.stringify({
          name: 'idle',
          target: { url: `ws://127.0.0.1:${server.ports[0]}` },
          load: { connections: [{ to: CLIENTS }, { hold: '12s' }] },
          workers: 1,
        }),
      );
      try {
        const ours = await runHighwater(1, [plan]);
        const plain = JSON.parse(
          await runPinned(1, process.execPath, [
            '--expose-gc',
            WS_CLIENT,
            '--idle',
            String(server.ports[0]),
            String(CLIENTS),
          ]),
        );
        if (ours.connections.opened !== CLIENTS || plain.opened !== CLIENTS)
          throw new Error('not every connection was opened');
        rounds.push({
          bytes: ours.generator.rssBytesPerConnection,
          wsBytes: (plain.rssBytesAfter - plain.rssBytesBefore) / CLIENTS,
          perSecond: CLIENTS / ours.connections.connectedSeconds,
          wsPerSecond: CLIENTS / plain.secondsToOpen,
        });
      } finally {
        await server.stop();
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  const of = (name) => median(rounds.map((round) => round[name]));
  const memoryRatio = median(rounds.map((round) => round.bytes / round.wsBytes));
  const rateRatio = median(rounds.map((round) => round.perSecond / round.wsPerSecond));
  return [
    {
      claim: '10,000 idle connections: RSS a client',
      goal: '≤ 5 KB and ≤ 0.6 × ws',
      measured: `${(of('bytes') / 1e3).toFixed(2)} KB, ${times(memoryRatio)} (ws ${(of('wsBytes') / 1e3).toFixed(2)} KB)`,
      reached: of('bytes') <= 5000 && memoryRatio <= 0.6,
    },
    {
      claim: 'connections opened a second and core',
      goal: '≥ 2 × ws and > 8,000',
      measured: `${Math.round(of('perSecond'))}/s, ${times(rateRatio)} (ws ${Math.round(of('wsPerSecond'))}/s)`,
      reached: of('perSecond') > 8000 && rateRatio >= 2,
    },
  ];
}
