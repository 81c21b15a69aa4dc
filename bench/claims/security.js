// What TLS and permessage-deflate cost the generator: CPU a message against plain, on the same `ws` server.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import { runHighwater, times } from '../highwater.js';

const LOAD = ['-c', '50', '--bytes', '512', '-r', '4000/s', '-d', '5s', '-w', '1', '--pace', 'economical'];
const SELF = fileURLToPath(import.meta.url);

export async function rows() {
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-tls-'));
  const hasTls = makeCertificate(directory);
  const server = spawn(process.execPath, [SELF, hasTls ? directory : ''], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [plainPort, securePort] = await ports(server);
    const micros = async (url, ...flags) =>
      (await runHighwater(1, [url, ...LOAD, ...flags])).generator.cpuMicrosPerMessage;
    const plain = await micros(`ws://127.0.0.1:${plainPort}`);
    const deflated = await micros(`ws://127.0.0.1:${plainPort}`, '--compression');
    const rows = [];
    if (hasTls) {
      const secure = await micros(`wss://127.0.0.1:${securePort}`, '--insecure');
      rows.push(row('TLS: CPU a message / plain (512 B, open loop)', secure, plain));
    }
    rows.push(row('permessage-deflate, both takeovers: CPU a message / plain (512 B)', deflated, plain));
    return rows;
  } finally {
    server.stdin.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

function row(claim, micros, plainMicros) {
  const measured = `${times(micros / plainMicros)} (${micros.toFixed(1)} µs; plain ${plainMicros.toFixed(1)})`;
  return { claim, goal: 'printed', measured, reached: null };
}

function makeCertificate(directory) {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = [
    '-keyout',
    path.join(directory, 'key.pem'),
    '-out',
    path.join(directory, 'cert.pem'),
    '-subj',
    '/CN=localhost',
  ];
  return spawnSync('openssl', [...args, ...files], { stdio: 'ignore' }).status === 0;
}

function ports(server) {
  return new Promise((resolve, reject) => {
    server.once('exit', () => reject(new Error('the bench server did not start')));
    server.stdout.once('data', (data) => resolve(JSON.parse(String(data))));
  });
}

async function serve(directory) {
  const echo = (socket) => socket.on('message', (data, binary) => socket.send(data, { binary }));
  const plain = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 } }).on(
    'connection',
    echo,
  );
  await new Promise((resolve) => plain.once('listening', resolve));
  let securePort = 0;
  if (directory !== '') {
    const read = (name) => readFileSync(path.join(directory, name));
    const server = https.createServer({ key: read('key.pem'), cert: read('cert.pem') });
    new WebSocketServer({ server }).on('connection', echo);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    securePort = server.address().port;
  }
  process.stdout.write(JSON.stringify([plain.address().port, securePort]));
  process.stdin.resume().on('end', () => process.exit(0));
}

if (process.argv[1] === SELF) await serve(process.argv[2] ?? '');
