// The path of one verified message in memory, without sockets: laid out and masked, then parsed, checked and
// recorded. The rest of a real message's cost is the kernel's and node's.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median } from '../highwater.js';

const SELF = fileURLToPath(import.meta.url);
const CLIENTS = 100;
const IN_FLIGHT = 64;
const BYTES = 64;
const ROUNDS = 600;
const WARM_ROUNDS = 200;

export async function rows() {
  const runs = [1, 2, 3].map(() =>
    JSON.parse(spawnSync(process.execPath, [SELF, '--here'], { encoding: 'utf8' }).stdout),
  );
  const of = (name) => median(runs.map((run) => run[name]));
  return [
    {
      claim: 'the message path in memory, 64 B: send + receive',
      goal: 'printed',
      measured: `${of('sendNs').toFixed(0)} + ${of('receiveNs').toFixed(0)} ns`,
      reached: null,
    },
  ];
}

async function measureHere() {
  const { countDelivered, countSent, createAccounting, flushClient } = await import(
    '../../dist/engine/hot/accounting.js'
  );
  const { createDriver } = await import('../../dist/engine/drivers.js');
  const { FrameReader } = await import('../../dist/frames/frame-reader.js');
  const { Client } = await import('../../dist/engine/connections/client.js');
  const { createDensityFacts } = await import('../../dist/measure/density.js');
  const { createRecorder } = await import('../../dist/measure/recorder.js');

  const plan = {
    protocol: { kind: 'echo', format: 'binary' },
    load: { mix: [{ payloadBytes: BYTES }], rooms: null },
  };
  const recorder = createRecorder();
  const fail = (what) => {
    throw new Error(JSON.stringify(what));
  };
  const accounting = createAccounting({
    clients: CLIENTS,
    density: createDensityFacts(),
    fanout: null,
    acks: null,
    byType: null,
    maxBufferedBytes: 1e6,
    maskSeed: 99,
    recorder,
    report: fail,
    notUnderstood: fail,
  });
  const driver = createDriver({
    plan,
    run: 12_345,
    clients: CLIENTS,
    accounting,
    rows: [],
    adapter: null,
    adapterFailed: fail,
  });
  const buffer = Buffer.allocUnsafeSlow(65_536);
  accounting.readBytes = buffer;
  accounting.readView = new DataView(buffer.buffer);
  let written = buffer;
  const clients = Array.from({ length: CLIENTS }, (_, index) => {
    const client = new Client(index, index);
    client.reader = new FrameReader({ maxMessageBytes: 1e7, inflation: null });
    client.socket = {
      writableLength: 0,
      write(bytes) {
        written = bytes;
      },
    };
    return client;
  });
  const nothing = () => {};
  const sink = {
    message: (client, isText, bytes, start, end) => driver.receive(client, isText, bytes, start, end),
    ping: nothing,
    pong: nothing,
    close: nothing,
    violation: nothing,
  };
  const sendNs = [];
  const receiveNs = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const client of clients) {
      const startedAt = process.hrtime.bigint();
      const nowNs = performance.now() * 1e6;
      for (let i = 0; i < IN_FLIGHT; i++) driver.append(client, 0, nowNs, nowNs);
      countSent(accounting, IN_FLIGHT, nowNs, nowNs);
      flushClient(accounting, client);
      const sentAt = process.hrtime.bigint();
      const echoedBytes = echo(written, buffer);
      const receivedAt = process.hrtime.bigint();
      accounting.receivedNs = performance.now() * 1e6;
      client.reader.feed(buffer, 0, echoedBytes, sink, client);
      countDelivered(accounting, client);
      client.credit = 0;
      const doneAt = process.hrtime.bigint();
      if (round < WARM_ROUNDS) continue;
      sendNs.push(Number(sentAt - startedAt) / IN_FLIGHT);
      receiveNs.push(Number(doneAt - receivedAt) / IN_FLIGHT);
    }
  }
  console.log(JSON.stringify({ sendNs: median(sendNs), receiveNs: median(receiveNs) }));
}

/** What an echo server does: the same frames, unmasked (short ones only). */
function echo(frames, into) {
  let to = 0;
  for (let from = 0; from < frames.length; ) {
    const payloadBytes = frames[from + 1] & 127;
    into[to] = frames[from];
    into[to + 1] = payloadBytes;
    for (let i = 0; i < payloadBytes; i++) into[to + 2 + i] = frames[from + 6 + i] ^ frames[from + 2 + (i & 3)];
    from += 6 + payloadBytes;
    to += 2 + payloadBytes;
  }
  return to;
}

if (process.argv.includes('--here')) await measureHere();
