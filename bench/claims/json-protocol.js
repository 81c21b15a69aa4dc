// The json protocol beside the binary echo, same size, same server: documents laid out from a template, scanned and checked
// character by character. CPU a message, in turn, medians of the rounds' ratios.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { median, runHighwater, steadyMicros, times } from '../highwater.js';
import { startEchoServer } from '../rig/processes.js';

const CLIENTS = 100;
const BYTES = 200;
const SECONDS = 6;
const ROUNDS = 3;
const PROTOCOLS = {
  echo: 'echo',
  json: {
    kind: 'json',
    send: { type: 'chat', id: `\${id}`, from: `\${client}`, text: `\${payload}` },
    payload: 'text',
    error: 'error',
  },
};

export async function rows({ rig }) {
  if (rig === null) return [];
  const server = await startEchoServer({ core: 0 });
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-json-'));
  const url = `ws://127.0.0.1:${server.ports[0]}`;
  const micros = async (protocol, inFlight) => {
    const file = path.join(directory, 'plan.json');
    const messages = { closed: { inFlight, for: `${SECONDS}s` } };
    const plan = {
      target: { url },
      protocol: PROTOCOLS[protocol],
      load: { connections: CLIENTS, messages, bytes: BYTES },
    };
    writeFileSync(file, JSON.stringify(plan));
    const result = await runHighwater(1, [file]);
    if (result.messages.lost + result.messages.unexpected > 0) throw new Error(JSON.stringify(result.messages));
    return steadyMicros(result);
  };
  const measured = [];
  try {
    for (const inFlight of [1, 32]) {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round++) {
        const echo = await micros('echo', inFlight);
        const json = await micros('json', inFlight);
        rounds.push({ ratio: json / echo, echo, json });
      }
      const of = (name) => median(rounds.map((round) => round[name]));
      measured.push({
        claim: `json protocol, ${BYTES} B, verified, ${inFlight} in flight: CPU a message / binary echo`,
        goal: '≤ 2 ×',
        measured: `${times(of('ratio'))} (${of('json').toFixed(2)} µs; echo ${of('echo').toFixed(2)})`,
        reached: of('ratio') <= 2,
      });
    }
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  return measured;
}
