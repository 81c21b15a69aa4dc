// A market feed on the `ws` package: after {"op":"subscribe","symbols":[…]} it says each symbol's ticks, numbered from
// where the subscriber found it, as text, and a heartbeat without a number now and then. `skip`: of each connection and
// symbol, the tick that is left out; `twice`: the one that is said twice; both counted from its first. `anew`: after so many
// ticks the numbers of a connection begin again with the first.

import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { createReport, speak } from './report.js';

const { skip = -1, twice = -1, anew = Number.POSITIVE_INFINITY } = JSON.parse(process.argv[2] ?? '{}');
const FIRST = 9_007_199_254_000;
const report = createReport();
const http = createServer();
const sockets = new WebSocketServer({ server: http });

sockets.on('connection', (socket, request) => {
  report.connection(request, { subprotocol: '', extensions: '', clientName: null });
  let timer;
  socket.on('message', (data, isBinary) => {
    report.message(data.length, isBinary);
    const { op, symbols } = JSON.parse(data.toString());
    if (op !== 'subscribe') return;
    socket.send(JSON.stringify({ op: 'subscribed', symbols }));
    let ticks = 0;
    timer = setInterval(() => {
      const number = ticks++;
      if (number % 10 === 0) socket.send('{"op":"heartbeat"}');
      if (number === skip) return;
      for (const symbol of symbols) {
        const tick = JSON.stringify({
          op: 'tick',
          data: { symbol, id: String(FIRST + (number < anew ? number : number - anew)), price: 100 + number },
        });
        socket.send(tick);
        if (number === twice) socket.send(tick);
      }
    }, 10);
  });
  socket.on('close', () => clearInterval(timer));
});

http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => speak(http.address().port, report));
