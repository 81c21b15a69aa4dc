import { describe, expect, test } from 'vitest';
import { createMemoryNetwork, type PeerEnd } from '../../../test/support/engine/memory-network.ts';
import { createVirtualClock } from '../../../test/support/engine/virtual-clock.ts';
import type { Misbehavior } from '../../plan/plan.ts';
import { misbehavingTransport } from './misbehaving.ts';
import type { SocketError } from './transport.ts';

const MS = 1e6;
const ENDPOINT = { address: '127.0.0.1', port: 1, secure: false, serverName: '', localAddress: null };

/** One connection, whose handshake is a word each way. */
function meet(misbehavior: Misbehavior) {
  const clock = createVirtualClock();
  const network = createMemoryNetwork(clock, { kernelBytes: 64 * 1024, delayNs: () => 0 });
  const came: [atMs: number, text: string][] = [];
  const read: [atMs: number, bytes: number][] = [];
  const ends: boolean[] = [];
  const closed: (SocketError | null)[] = [];
  let peer: PeerEnd | null = null;
  network.listen('127.0.0.1', 1, (end) => {
    peer = end;
    end.onBytes = (bytes) => void came.push([clock.nowNs() / MS, Buffer.from(bytes).toString('latin1')]);
    end.onEnd = (isClean) => void ends.push(isClean);
  });
  const transport = misbehavingTransport(
    misbehavior,
    (handler) => network.open(handler),
    clock,
  )<string>({
    onConnect: () => {
      socket.write(Buffer.from('ask'));
    },
    onBytes: (_tag, _bytes, _view, end) => void read.push([clock.nowNs() / MS, end]),
    onClose: (_tag, _socket, error) => void closed.push(error),
  });
  const socket = transport.open(ENDPOINT, 'client');
  const pass = (ns: number): void => clock.runTo(clock.nowNs() + ns);
  return {
    pass,
    socket,
    came,
    read,
    ends,
    closed,
    peer: () => peer!,
    text: () => came.map(([, text]) => text).join(''),
    answer() {
      pass(MS);
      peer!.send(Buffer.from('yes'));
      pass(0);
    },
  };
}

describe('a client that misbehaves', () => {
  test('slow-reader: takes as much in a second as it is told, and what comes meanwhile waits', () => {
    const met = meet({ kind: 'slow-reader', bytesPerSecond: 1000, afterNs: 0 });
    met.answer();
    met.pass(10 * MS);
    for (let part = 0; part < 5; part++) met.peer().send(new Uint8Array(500));
    met.pass(2000 * MS);
    expect(met.read.map(([, bytes]) => bytes)).toEqual([3, 500, 500, 500, 500, 500]);
    const gapsMs = met.read.slice(1).map(([atMs], index) => Math.round(atMs - (met.read[index]?.[0] ?? 0)));
    expect(gapsMs.slice(1)).toEqual([500, 500, 500, 500]);
  });

  test('slow-reader without a rate: takes nothing from its time on, and sends as ever', () => {
    const met = meet({ kind: 'slow-reader', bytesPerSecond: 0, afterNs: 100 * MS });
    met.answer();
    met.peer().send(new Uint8Array(10));
    met.pass(200 * MS);
    met.peer().send(new Uint8Array(10));
    met.socket.write(Buffer.from('more'));
    met.pass(1000 * MS);
    expect(met.read.map(([, bytes]) => bytes)).toEqual([3, 10]);
    expect(met.text()).toBe('askmore');
  });

  test('half-open: neither reads nor says anything, and is not closed', () => {
    const met = meet({ kind: 'half-open', afterNs: 100 * MS });
    met.answer();
    met.socket.write(Buffer.from('before'));
    met.pass(200 * MS);
    met.socket.write(Buffer.from('after'));
    met.peer().send(new Uint8Array(10));
    met.pass(10_000 * MS);
    expect(met.text()).toBe('askbefore');
    expect(met.read).toHaveLength(1);
    expect([met.ends, met.closed]).toEqual([[], []]);
  });

  test('half-open, once it is let go: reads what has come, and learns that its connection has ended', () => {
    const met = meet({ kind: 'half-open', afterNs: 100 * MS });
    met.answer();
    met.pass(200 * MS);
    met.peer().send(new Uint8Array(10));
    met.socket.resume();
    met.pass(10 * MS);
    expect(met.read.map(([, bytes]) => bytes)).toEqual([3, 10]);
    met.peer().end();
    met.pass(10 * MS);
    expect(met.closed).toEqual([null]);
  });

  test('slow-handshake: the request comes byte by byte, what follows does not', () => {
    const met = meet({ kind: 'slow-handshake', bytesPerSecond: 10 });
    met.pass(1000 * MS);
    expect(met.came.map(([, text]) => text)).toEqual(['a', 's', 'k']);
    expect(met.came[2]![0] - met.came[0]![0]).toBeCloseTo(200, 0);
    met.answer();
    met.socket.write(Buffer.from('whole'));
    met.pass(10 * MS);
    expect(met.came.at(-1)?.[1]).toBe('whole');
  });

  test('malformed-frames: two octets that nobody may send', () => {
    const met = meet({ kind: 'malformed-frames', afterNs: 50 * MS });
    met.answer();
    met.pass(49 * MS);
    expect(met.text()).toBe('ask');
    met.pass(10 * MS);
    expect(met.text()).toBe('ask\xf3\x00');
  });

  test('oversized: the whole of the message, and never more of it waiting than a bound', () => {
    const bytes = 3 * 1024 * 1024;
    const met = meet({ kind: 'oversized', bytes, afterNs: 0 });
    met.answer();
    met.pass(2000 * MS);
    expect(met.text().length - 'ask'.length).toBe(14 + bytes);
    expect(met.text().charCodeAt(3)).toBe(0x82);
  });

  test.each([
    ['reset', { kind: 'reset', afterNs: 20 * MS }],
    ['churn', { kind: 'churn', afterNs: 20 * MS }],
  ] as const)('%s: ends its connection, and that is told as its own doing', (_name, misbehavior) => {
    const met = meet(misbehavior);
    met.answer();
    met.pass(100 * MS);
    expect(met.ends).toEqual([false]);
    expect(met.closed).toMatchObject([{ kind: 'misbehaved' }]);
  });

  test('whose connection is ended by the service before does nothing any more', () => {
    const met = meet({ kind: 'malformed-frames', afterNs: 50 * MS });
    met.answer();
    met.peer().end();
    met.pass(1000 * MS);
    expect(met.text()).toBe('ask');
    expect(met.closed).toEqual([null]);
  });

  test('no-pong changes nothing here: pings are answered, or not, above', () => {
    const met = meet({ kind: 'no-pong' });
    met.answer();
    met.socket.write(Buffer.from('as ever'));
    met.pass(100 * MS);
    expect(met.text()).toBe('askas ever');
  });
});
