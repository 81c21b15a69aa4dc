// An echo server on the `ws` package. Started as `node ws-echo.js '{"compression":true}'`; see foreign-server.ts
// for what is said over stdin and stdout.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { WebSocketServer } from 'ws';
import { createReport, speak } from './report.js';

const options = JSON.parse(process.argv[2] ?? '{}');
const { host = '127.0.0.1', compression = false, subprotocol = null, tls = null } = options;
const report = createReport();

const http =
  tls === null
    ? createServer()
    : createSecureServer({
        cert: readFileSync(tls.cert),
        key: readFileSync(tls.key),
        ...(tls.clientCa === undefined
          ? {}
          : { ca: readFileSync(tls.clientCa), requestCert: true, rejectUnauthorized: true }),
      });

const server = new WebSocketServer({
  server: http,
  perMessageDeflate: compression,
  maxPayload: 64 * 1024 * 1024,
  ...(subprotocol === null ? {} : { handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false) }),
});

server.on('connection', (socket, request) => {
  report.connection(request, {
    subprotocol: socket.protocol,
    extensions: socket.extensions,
    clientName: request.socket.getPeerCertificate?.()?.subject?.CN ?? null,
  });
  socket.on('message', (data, isBinary) => {
    report.message(data.length, isBinary);
    socket.send(data, { binary: isBinary });
  });
  socket.on('error', () => {});
});

http.listen({ host, port: 0, backlog: 4096 }, () => speak(http.address().port, report));
