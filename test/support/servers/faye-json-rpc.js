// A JSON-RPC 2.0 service on the `faye-websocket` package: `say` returns its text, every fiftieth call is refused, and a
// notification goes out with every tenth.

import { createServer } from 'node:http';
import FayeWebSocket from 'faye-websocket';
import { createReport, speak } from './report.js';

const report = createReport();
const http = createServer();
let calls = 0;

http.on('upgrade', (request, stream, head) => {
  const socket = new FayeWebSocket(request, stream, head);
  report.connection(request, { subprotocol: '', extensions: '', clientName: null });
  socket.on('message', ({ data }) => {
    report.message(data.length, typeof data !== 'string');
    const { jsonrpc, id, method, params } = JSON.parse(data);
    calls++;
    if (calls % 10 === 0) socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'presence', params: { count: calls } }));
    const answer =
      jsonrpc !== '2.0' || method !== 'say'
        ? { error: { code: -32601, message: 'Method not found' } }
        : calls % 50 === 0
          ? { error: { code: -32000, message: 'busy' } }
          : { result: { text: params.text, at: calls } };
    socket.send(JSON.stringify({ jsonrpc: '2.0', ...answer, id }));
  });
});

http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => speak(http.address().port, report));
