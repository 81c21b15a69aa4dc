// An MQTT broker on the `aedes` package, over WebSocket.

import { createServer } from 'node:http';
import { Aedes } from 'aedes';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { createReport, speak } from './report.js';

const report = createReport();
const broker = await Aedes.createBroker();
const http = createServer();

new WebSocketServer({ server: http, handleProtocols: () => 'mqtt' }).on('connection', (socket, request) => {
  report.connection(request, { subprotocol: socket.protocol, extensions: socket.extensions, clientName: null });
  const stream = createWebSocketStream(socket);
  stream.on('error', () => {});
  broker.handle(stream, request);
});

http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => speak(http.address().port, report));
