// MQTT 3.1.1 over WebSocket, QoS 0: a client subscribes to the topic of its room, and publishes to it.
import type { ProtocolAdapter } from 'highwater';

const text = new TextEncoder();
const field = (value: string) => [value.length >> 8, value.length & 255, ...text.encode(value)];
const packet = (type: number, body: readonly number[]) => Uint8Array.from([type, ...lengthOf(body.length), ...body]);
const lengthOf = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...lengthOf(n >> 7)]);

export const protocol: ProtocolAdapter = ({ client, room }) => {
  let stream = new Uint8Array(0); // packets and WebSocket messages need not have the same edges
  return {
    join: [
      packet(0x10, [...field('MQTT'), 4, 2, 0, 0, ...field(`client-${client}`)]), // CONNECT, clean session
      packet(0x82, [0, 1, ...field(`room/${room}`), 0]), // SUBSCRIBE
    ],
    encode: ({ id, payload }) => packet(0x30, [...field(`room/${room}`), ...text.encode(`${id} ${payload}`)]),
    decode(received) {
      stream = Uint8Array.from([...stream, ...(typeof received === 'string' ? text.encode(received) : received)]);
      const incoming = [];
      for (let at = 2; stream.length >= 2; at = 2) {
        for (; (stream[at - 1] ?? 0) > 127; at++);
        const end = at + stream.subarray(1, at).reduce((sum, byte, i) => sum + (byte & 127) * 128 ** i, 0);
        if (stream.length < end) break;
        const topicEnd = at + 2 + stream[at]! * 256 + stream[at + 1]!;
        const [id = '', payload = ''] = new TextDecoder().decode(stream.subarray(topicEnd, end)).split(' ');
        if (stream[0]! >> 4 === 3) incoming.push({ kind: 'message', id, payload } as const); // PUBLISH
        stream = stream.slice(end);
      }
      return incoming;
    },
  };
};
