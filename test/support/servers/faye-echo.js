// An echo server on the `faye-websocket` package, which shares no code with `ws`. It has no compression of its own.

import { createServer } from 'node:http';
import FayeWebSocket from 'faye-websocket';
import { createReport, speak } from './report.js';

const { host = '127.0.0.1', subprotocol = null } = JSON.parse(process.argv[2] ?? '{}');
const report = createReport();
const http = createServer();

http.on('upgrade', (request, stream, head) => {
  if (!FayeWebSocket.isWebSocket(request)) {
    stream.destroy();
    return;
  }
  const socket = new FayeWebSocket(request, stream, head, subprotocol === null ? [] : [subprotocol], {
    maxLength: 64 * 1024 * 1024,
  });
  report.connection(request, { subprotocol: socket.protocol, extensions: '', clientName: null });
  socket.on('message', ({ data }) => {
    report.message(data.length, typeof data !== 'string');
    socket.send(data);
  });
});

http.listen({ host, port: 0, backlog: 4096 }, () => speak(http.address().port, report));
