// What the Node servers say: `{"listening": PORT}` once, and a report on what came in for every line on stdin. They
// end with stdin, so none outlives the test that started it.

import { createInterface } from 'node:readline';

export function createReport() {
  let connections = [];
  let sizes = { text: {}, binary: {} };
  return {
    connection(request, facts) {
      connections.push({
        path: request.url,
        headers: request.headers,
        from: request.socket.remoteAddress,
        ...facts,
      });
    },
    message(bytes, isBinary) {
      const of = sizes[isBinary ? 'binary' : 'text'];
      of[bytes] = (of[bytes] ?? 0) + 1;
    },
    take() {
      const taken = { connections, sizes };
      connections = [];
      sizes = { text: {}, binary: {} };
      return taken;
    },
  };
}

export function speak(port, report) {
  console.log(JSON.stringify({ listening: port }));
  createInterface({ input: process.stdin })
    .on('line', () => console.log(JSON.stringify(report.take())))
    .on('close', () => process.exit(0));
}
