// nginx in the foreground as a reverse proxy with TLS in front of a WebSocket server, with a configuration and
// directories of its own.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import net from 'node:net';
import { stopProcess } from './foreign-server.ts';
import { writeInto } from './highwater.ts';

const NGINX = '/usr/sbin/nginx';
const ATTEMPTS = 5;
const LOOK_EVERY_MS = 50;

export const hasNginx = spawnSync(NGINX, ['-v'], { stdio: 'ignore' }).status === 0;

export interface Nginx {
  readonly port: number;
  stop(): Promise<void>;
}

/** `upstreamPort`: on 127.0.0.1. nginx takes no port 0, so a free one is looked for, again where it was just taken. */
export async function startNginx(
  directory: string,
  upstreamPort: number,
  tls: { readonly cert: string; readonly key: string },
): Promise<Nginx> {
  let output = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = await freePort();
    const file = writeInto(directory, 'nginx.conf', configuration(directory, port, upstreamPort, tls));
    const child = spawn(NGINX, ['-p', directory, '-c', file, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    if (await listens(child, port)) return { port, stop: () => stopProcess(child) };
  }
  throw new Error(`nginx did not start: ${output}`);
}

function configuration(
  directory: string,
  port: number,
  upstreamPort: number,
  tls: { cert: string; key: string },
): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
daemon off;
master_process off;
pid ${directory}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n  ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${tls.cert};
    ssl_certificate_key ${tls.key};
    location / {
      proxy_pass http://127.0.0.1:${upstreamPort};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 300s;
      proxy_send_timeout 300s;
    }
  }
}
`;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** False where the process ended instead. */
async function listens(child: ChildProcess, port: number): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    if (await connects(port)) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return false;
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
