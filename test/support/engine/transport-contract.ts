// What every transport must keep, whoever it is: one suite, run by the adapters over node:net and node:tls and by the
// one in memory that the engine's own tests stand on.

import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  Endpoint,
  Socket,
  SocketError,
  SocketHandler,
  Transport,
} from '../../../src/engine/connections/transport.ts';
import { causeText } from '../../../src/facts/failure-cause.ts';

/** The service's end of a socket. */
export interface ContractPeer {
  /** How much has arrived, and the SHA-1 of it. */
  receivedBytes(): number;
  digest(): string;
  hasEnded(): boolean;
  send(bytes: Uint8Array): void;
  end(): void;
  reset(): void;
  pause(): void;
  resume(): void;
}

export interface ContractWorld {
  readonly endpoint: Endpoint;
  /** Where nothing listens. */
  readonly refusing: Endpoint;
  /** In order of arrival. */
  readonly peers: readonly ContractPeer[];
  /** More than the kernel takes while the service does not read. */
  readonly muchBytes: number;
  open<Tag>(handler: SocketHandler<Tag>): Transport<Tag>;
  /** Lets the world go on until something has come about. */
  until(done: () => boolean): Promise<void>;
  /** Lets everything happen that is on its way. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

interface Witness {
  socket: Socket;
  connects: number;
  closes: { readonly socket: Socket; readonly error: SocketError | null }[];
  received: Uint8Array[];
  onBytes: (bytes: Uint8Array) => void;
}

export function testTransportContract(name: string, start: () => Promise<ContractWorld>): void {
  describe(`the transport contract, kept ${name}`, () => {
    let world: ContractWorld;
    let transport: Transport<Witness>;
    const buffers = new Set<Uint8Array>();

    beforeEach(async () => {
      world = await start();
      buffers.clear();
      transport = world.open<Witness>({
        onConnect: (witness) => void witness.connects++,
        onBytes(witness, bytes, view, end) {
          buffers.add(bytes);
          expect(end).toBeGreaterThan(0);
          expect(end).toBeLessThanOrEqual(bytes.length);
          expect(view.getUint8(0)).toBe(bytes[0]);
          expect(view.getUint8(end - 1)).toBe(bytes[end - 1]);
          expect(view.byteOffset).toBe(bytes.byteOffset);
          const copy = Uint8Array.from(bytes.subarray(0, end));
          witness.received.push(copy);
          witness.onBytes(copy);
        },
        onClose: (witness, socket, error) => void witness.closes.push({ socket, error }),
      });
    });
    afterEach(() => world.close());

    function open(endpoint: Endpoint): Witness {
      const witness = { connects: 0, closes: [], received: [], onBytes: () => {} } as unknown as Witness;
      witness.socket = transport.open(endpoint, witness);
      return witness;
    }

    async function openPair(): Promise<{ witness: Witness; peer: ContractPeer }> {
      const witness = open(world.endpoint);
      const number = world.peers.length;
      await world.until(() => witness.connects === 1 && world.peers.length > number);
      return { witness, peer: world.peers[number]! };
    }

    const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
    const sha1 = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');
    const total = ({ received }: Witness): number => received.reduce((sum, { length }) => sum + length, 0);

    test('nothing calls back within open()', async () => {
      const witness = open(world.endpoint);
      expect([witness.connects, witness.closes.length]).toEqual([0, 0]);
      const refused = open(world.refusing);
      expect(refused.closes).toEqual([]);
      await world.until(() => witness.connects === 1 && refused.closes.length === 1);
    });

    test('what is written before the connection stands is sent once it does', async () => {
      const witness = open(world.endpoint);
      witness.socket.write(pattern(100));
      await world.until(() => (world.peers[0]?.receivedBytes() ?? 0) === 100);
      expect(world.peers[0]!.digest()).toBe(sha1(pattern(100)));
      expect(witness.connects).toBe(1);
      await world.until(() => witness.socket.writableLength === 0);
    });

    test('bytes arrive whole and in order, in a buffer that all sockets share', async () => {
      const [first, second] = [await openPair(), await openPair()];
      const large = pattern(300_000);
      first.peer.send(large);
      second.peer.send(pattern(5));
      await world.until(() => total(first.witness) === large.length && total(second.witness) === 5);
      expect(sha1(Buffer.concat(first.witness.received))).toBe(sha1(large));
      expect(first.witness.received.length).toBeGreaterThan(1);
      expect(buffers.size).toBe(1);
    });

    test('writableLength is 0 once everything is out, and then the memory is free again', async () => {
      const { witness, peer } = await openPair();
      const memory = new Uint8Array(1000);
      const all: Uint8Array[] = [];
      for (let i = 0; i < 50; i++) {
        memory.fill(i);
        all.push(Uint8Array.from(memory));
        witness.socket.write(memory);
        await world.until(() => witness.socket.writableLength === 0);
      }
      memory.fill(0xff);
      await world.until(() => peer.receivedBytes() === 50_000);
      expect(peer.digest()).toBe(sha1(Buffer.concat(all)));
    });

    test('writableLength grows while the service does not read, and returns to 0 when it does', async () => {
      const { witness, peer } = await openPair();
      peer.pause();
      const much = new Uint8Array(world.muchBytes).fill(7);
      witness.socket.write(much);
      await world.settle();
      expect(witness.socket.writableLength).toBeGreaterThan(0);
      peer.resume();
      await world.until(() => peer.receivedBytes() === much.length);
      await world.until(() => witness.socket.writableLength === 0);
      expect(peer.digest()).toBe(sha1(much));
      expect(witness.closes).toEqual([]);
    });

    test('refused: closed once, of that kind, and never connected', async () => {
      const witness = open(world.refusing);
      witness.socket.write(pattern(10));
      await world.until(() => witness.closes.length > 0);
      await world.settle();
      expect(witness.connects).toBe(0);
      expect(witness.closes).toHaveLength(1);
      expect(witness.closes[0]).toMatchObject({ socket: witness.socket, error: { kind: 'refused' } });
      expect(causeText(witness.closes[0]!.error!.cause)).not.toBe('');
    });

    test('destroyed before it connected: closed once and never connected', async () => {
      const witness = open(world.endpoint);
      witness.socket.destroy();
      expect(witness.closes).toEqual([]);
      await world.until(() => witness.closes.length > 0);
      await world.settle();
      expect([witness.connects, witness.closes.length]).toEqual([0, 1]);
    });

    test('destroyed: closed once, without an error, and the service receives of it', async () => {
      const { witness, peer } = await openPair();
      witness.socket.destroy();
      witness.socket.destroy();
      expect(witness.closes).toEqual([]);
      await world.until(() => witness.closes.length > 0 && peer.hasEnded());
      await world.settle();
      expect(witness.closes).toEqual([{ socket: witness.socket, error: null }]);
    });

    test('destroyed while it reads: no byte comes after that', async () => {
      const { witness, peer } = await openPair();
      witness.onBytes = () => void witness.socket.destroy();
      peer.send(pattern(500_000));
      await world.until(() => witness.closes.length > 0);
      await world.settle();
      expect(witness.received).toHaveLength(1);
      expect(witness.closes).toHaveLength(1);
    });

    test('written to while it reads: the answer goes out', async () => {
      const { witness, peer } = await openPair();
      witness.onBytes = (bytes) => void witness.socket.write(bytes);
      peer.send(pattern(20));
      await world.until(() => peer.receivedBytes() === 20);
      expect(peer.digest()).toBe(sha1(pattern(20)));
    });

    test('the service ends it: closed once, without an error, after the last byte', async () => {
      const { witness, peer } = await openPair();
      peer.send(pattern(1000));
      peer.end();
      await world.until(() => witness.closes.length > 0);
      await world.settle();
      expect(total(witness)).toBe(1000);
      expect(witness.closes).toEqual([{ socket: witness.socket, error: null }]);
    });

    test('the service resets it: closed once, of that kind', async () => {
      const { witness, peer } = await openPair();
      // A socket that is closed with bytes unread resets its connection, under TLS too.
      peer.pause();
      witness.socket.write(new Uint8Array(world.muchBytes));
      await world.settle();
      peer.reset();
      await world.until(() => witness.closes.length > 0);
      await world.settle();
      expect(witness.closes).toHaveLength(1);
      expect(witness.closes[0]!.error?.kind).toBe('reset');
    });

    test('ended: what is buffered goes out first', async () => {
      const { witness, peer } = await openPair();
      peer.pause();
      const much = new Uint8Array(world.muchBytes).fill(3);
      witness.socket.write(much);
      witness.socket.end();
      await world.settle();
      expect(witness.socket.writableLength).toBeGreaterThan(0);
      peer.resume();
      await world.until(() => peer.hasEnded());
      expect(peer.receivedBytes()).toBe(much.length);
      peer.end();
      await world.until(() => witness.closes.length > 0);
      await world.settle();
      expect(witness.closes).toEqual([{ socket: witness.socket, error: null }]);
    });

    test('once it is closed no call has an effect', async () => {
      const { witness, peer } = await openPair();
      peer.end();
      await world.until(() => witness.closes.length > 0);
      const { socket } = witness;
      socket.write(pattern(10));
      socket.end();
      socket.destroy();
      await world.settle();
      expect(witness.closes).toHaveLength(1);
      expect(peer.receivedBytes()).toBe(0);
    });
  });
}
