// A chat service with rooms on the `crossws` package: `join` enters a room, `say` goes to everybody in it. `?quiet` keeps
// the sender's own message from it; `?deaf=NAME` forgets one member.

import { createServer } from 'node:http';
import crossws from 'crossws/adapters/node';
import { createReport, speak } from './report.js';

const options = JSON.parse(process.argv[2] ?? '{}');
const report = createReport();
const http = createServer();
let said = 0;

const ws = crossws({
  hooks: {
    message(peer, message) {
      const { type, room, user, id, text } = message.json();
      if (type === 'join') {
        peer.context.room = room;
        if (user !== options.deaf) peer.subscribe(room);
        peer.send(JSON.stringify({ type: 'joined', room }));
      } else if (type === 'say') {
        const event = JSON.stringify({ type: 'said', at: ++said, message: { id, text } });
        peer.publish(peer.context.room, event);
        if (!options.quiet) peer.send(event);
      }
    },
  },
});

http.on('upgrade', (request, socket, head) => {
  report.connection(request, { subprotocol: '', extensions: '', clientName: null });
  ws.handleUpgrade(request, socket, head);
});

http.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => speak(http.address().port, report));
