// A client against each case of the Autobahn table: the whole engine in virtual time, with a server that writes what the case
// says and reads frames for itself.

import { isUtf8 } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { AUTOBAHN_CASES, type AutobahnCase } from '../../test/support/autobahn/cases.ts';
import { failures, runScenario } from '../../test/support/engine/engine-run.ts';
import type { PeerEnd } from '../../test/support/engine/memory-network.ts';
import { curve, makePlan, SECOND } from '../../test/support/engine/plans.ts';
import { acceptFor, switchingProtocols } from '../../test/support/engine/websocket-peer.ts';

interface Reaction {
  readonly messages: string[];
  readonly pongs: string[];
  /** Of each close frame of the client. */
  readonly closeCodes: number[];
  readonly failure: string | null;
}

/** Answers the upgrade, writes the chunks and listens; as most servers do, it ends the connection once both have closed. */
function serve(peer: PeerEnd, { chunks, ends }: AutobahnCase, reaction: Reaction): void {
  let held = Buffer.alloc(0);
  let isOpen = false;
  peer.onBytes = (bytes) => {
    held = Buffer.concat([held, bytes]);
    if (!isOpen) {
      const end = held.indexOf('\r\n\r\n');
      if (end < 0) return;
      const request = held.subarray(0, end).toString('latin1');
      held = held.subarray(end + 4);
      isOpen = true;
      peer.send(Buffer.from(switchingProtocols(request, acceptFor(request)), 'latin1'));
      for (const chunk of chunks) peer.send(chunk);
    }
    while (held.length >= 6 && held.length >= 6 + (held[1]! & 127)) {
      expect(held[1]! & 0x80, 'RFC 6455 §5.1: a client masks').toBe(0x80);
      const [opcode, end] = [held[0]! & 15, 6 + (held[1]! & 127)];
      const payload = Buffer.from(held.subarray(6, end).map((byte, i) => byte ^ held[2 + (i & 3)]!));
      held = held.subarray(end);
      if (opcode === 10) reaction.pongs.push(payload.toString('hex'));
      if (opcode !== 8) continue;
      reaction.closeCodes.push(payload.readUInt16BE());
      if (ends.by === 'client') peer.send(Buffer.from([0x88, 2, ...payload.subarray(0, 2)]));
      peer.end();
    }
  };
}

function react(autobahnCase: AutobahnCase): Reaction {
  const messages: string[] = [];
  const seen = { messages, pongs: [], closeCodes: [], failure: null };
  const outcome = runScenario({
    plan: makePlan({
      connections: curve({ to: 1 }, { hold: SECOND }),
      plan: { protocol: { kind: 'module', file: 'autobahn.js' } },
    }),
    protocol: () => ({
      encode: () => '',
      decode(received) {
        const format = typeof received === 'string' ? 'text' : 'binary';
        messages.push(`${format} ${Buffer.from(received as string).toString('hex')}`);
        return [];
      },
    }),
    listen: (network) => network.listen('10.0.0.1', 80, (peer) => serve(peer, autobahnCase, seen)),
  });
  return { ...seen, failure: failures(outcome)[0]?.failure ?? null };
}

const FAILURES = { 1002: 'framing', 1007: 'invalidUtf8' } as const;

function wanted({ messages, pongs, ends }: AutobahnCase): Reaction {
  const failure = ends.by === 'client' ? null : ends.by === 'server' ? 'closedByServer' : FAILURES[ends.code];
  return { messages: [...messages], pongs: [...pongs], closeCodes: [ends.code], failure };
}

describe('Autobahn', () => {
  test.each(AUTOBAHN_CASES.map((each) => [each.id, each.says, each] as const))('%s: %s', (_id, _says, each) => {
    expect(react(each)).toEqual(wanted(each));
  });

  test('the table has every group, each case once, and its texts are what the platform takes for UTF-8', () => {
    const groups = AUTOBAHN_CASES.map(({ id }) => id.split('.')[0]);
    const counts = Object.fromEntries(
      [...new Set(groups)].map((group) => [group, groups.filter((g) => g === group).length]),
    );
    expect(counts).toEqual({ 1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 10: 1 });
    expect(new Set(AUTOBAHN_CASES.map(({ id }) => id)).size).toBe(AUTOBAHN_CASES.length);
    for (const { id, chunks, ends } of AUTOBAHN_CASES) {
      if (!/^6\.([5-9]|[12]\d)/.test(id)) continue;
      const payload = chunks[0]!.subarray(chunks[0]![1] === 126 ? 4 : 2);
      expect(isUtf8(payload), id).toBe(ends.by === 'client');
    }
  });
});
