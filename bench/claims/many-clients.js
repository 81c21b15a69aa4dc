// 200,000 idle connections on one machine, over several C echo servers: how long they take
// to open, whether any fails, and what memory the workers and the coordinator hold.
//
// Memory is RSS as the kernel counts it. Every worker maps the same program and libraries, whose pages RSS
// counts once a process although they exist once; PSS, which shares them out, is printed beside it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf, memoryOf, startHighwater } from '../highwater.js';
import { startEchoServer } from '../rig/processes.js';

const CLIENTS = 200_000;
const SERVERS = 12;
/** Linux tries half of the local ports before the other half: beyond some 14,000 clients to one port, connecting crawls. */
const PORTS_A_SERVER = 4;
const LIMIT_SECONDS = 200;

export async function rows({ rig }) {
  if (rig === null) return [];
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-many-'));
  const servers = [];
  try {
    for (let i = 0; i < SERVERS; i++) servers.push(await startEchoServer({ ports: PORTS_A_SERVER }));
    const plan = path.join(directory, 'plan.json');
    writeFileSync(
      plan,
      JSON.stringify({
        name: 'many clients',
        target: {
          url: servers.flatMap((server) => server.ports.map((port) => `ws://127.0.0.1:${port}`)),
          connectTimeout: '60s',
          handshakeTimeout: '60s',
        },
        load: { connections: [{ to: CLIENTS }, { hold: '100s' }] },
        thresholds: ['connections.failed == 0'],
      }),
    );
    const child = startHighwater([plan, '--drain', '1s'], directory);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_SECONDS * 1000);
    await sleep(95_000);
    const workers = childrenOf(child.pid).map(memoryOf);
    const coordinator = memoryOf(child.pid);
    await exited;
    clearTimeout(timer);
    const { connections, run } = JSON.parse(output);
    const sum = (name) => workers.reduce((total, worker) => total + worker[name], 0);
    const bytesPerConnection = sum('rssBytes') / connections.opened;
    const opened = connections.connectedSeconds;
    return [
      {
        claim: `${CLIENTS.toLocaleString('en')} idle connections, ${run.workerCount} workers: time to open, failed`,
        goal: '< 40 s, 0',
        measured: `${opened === null ? 'never' : opened.toFixed(1)} s, ${connections.failed} (opened ${connections.opened})`,
        reached: opened !== null && opened < 40 && connections.failed === 0 && connections.opened === CLIENTS,
      },
      {
        claim: 'the same: RSS a client in all workers, RSS of the coordinator',
        goal: '< 6 KB, < 150 MB',
        measured:
          `${(bytesPerConnection / 1e3).toFixed(2)} KB (PSS ${(sum('pssBytes') / connections.opened / 1e3).toFixed(2)} KB), ` +
          `${(coordinator.rssBytes / 1e6).toFixed(0)} MB`,
        reached: bytesPerConnection < 6000 && coordinator.rssBytes < 150e6,
      },
    ];
  } finally {
    for (const server of servers) await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
