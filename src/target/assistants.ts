// Assistants: each NAME is one, with an inbox that knows what it has taken and a context that every message changes. All that
// is connected to it receives what it takes.
//
//   → {"id": "…", "text": "…"}
//   ← {"ack": "…", "state": {"count": 5, "digest": "1c291ca3"}}          with "duplicate": true where it had it before
//   ← {"id": "…", "text": "…"}                                          to everyone, once, in the order of taking
//
// count: messages taken. digest: CRC-32, as 8 hex digits, of the digest before and the id; it begins with 00000000.

import { crc32 } from 'node:zlib';
import type { Behavior, FaultRule, MessageFault } from '../injection/behavior.ts';
import { createDecide } from '../injection/decide.ts';
import type { LogAct } from '../injection/truth.ts';
import { addressOf, type Delivery, deliveryTo, type Peer, type Serve } from './delivery.ts';
import { encode, nameOfId, readMessage, sayWhatIsExpected } from './json-messages.ts';

/** Of each assistant the last ids are known; an older copy is taken for a new message. */
const KNOWN_IDS = 100_000;

interface Assistant {
  readonly known: Set<string>;
  readonly listeners: Set<Listener>;
  count: number;
  digest: string;
}

interface Listener {
  readonly peer: Peer;
  readonly delivery: Delivery;
}

export function assistantService(behavior: Behavior, logAct: LogAct): Serve {
  const assistants = new Map<string, Assistant>();
  return (peer) => {
    const { name: assistantName, client } = addressOf(peer);
    const decide = createDecide({ ...behavior, faults: behavior.faults.filter(isOfAssistants) }, client);
    // It stays when its connections go: what it has taken is what it is.
    const assistant = assistants.get(assistantName) ?? createAssistant();
    assistants.set(assistantName, assistant);
    const listener: Listener = { peer, delivery: deliveryTo(behavior, client, peer, logAct) };
    assistant.listeners.add(listener);

    function take(id: string, text: string): void {
      const message = { to: client, ...nameOfId(id) };
      const fault = message.seq < 0 ? null : decide(message.stream, message.seq);
      if (fault?.kind === 'forget' && assistant.count > 0) {
        logAct({ act: 'forget', ...message });
        assistant.count = 0;
        assistant.digest = NO_DIGEST;
      }
      change(assistant, id);
      if (fault?.kind === 'applyTwice') {
        logAct({ act: 'applyTwice', ...message });
        change(assistant, id);
      }
      if (fault?.kind === 'swallowAck') logAct({ act: 'swallowAck', ...message });
      else acknowledge(id, {});
      pass(id, text, message, fault);
    }

    function pass(id: string, text: string, name: { stream: number; seq: number }, fault: MessageFault | null): void {
      const data = encode({ id, text });
      for (const { peer: other, delivery } of assistant.listeners) {
        if (fault?.kind === 'ackThenLose') logAct({ act: 'drop', to: delivery.to, ...name, why: 'acknowledged' });
        else if (name.seq < 0) other.send(data, false);
        else delivery.deliver({ data, isBinary: false, stream: name.stream, seq: name.seq });
      }
    }

    function acknowledge(id: string, more: object): void {
      const { count, digest } = assistant;
      peer.send(encode({ ack: id, state: { count, digest }, ...more }), false);
    }

    return {
      receive(data) {
        const message = readMessage(data);
        if (message === null) sayWhatIsExpected(peer);
        else if (assistant.known.has(message.id)) acknowledge(message.id, { duplicate: true });
        else {
          remember(assistant, message.id);
          take(message.id, message.text);
        }
      },
      closed() {
        assistant.listeners.delete(listener);
        listener.delivery.closed();
      },
    };
  };
}

/** What affects an assistant; the rest affects what it sends. */
function isOfAssistants({ fault: { kind } }: FaultRule): boolean {
  return kind === 'swallowAck' || kind === 'ackThenLose' || kind === 'applyTwice' || kind === 'forget';
}

const NO_DIGEST = '00000000';

function createAssistant(): Assistant {
  return { known: new Set(), listeners: new Set(), count: 0, digest: NO_DIGEST };
}

function change(assistant: Assistant, id: string): void {
  assistant.count++;
  assistant.digest = crc32(assistant.digest + id)
    .toString(16)
    .padStart(NO_DIGEST.length, '0');
}

function remember({ known }: Assistant, id: string): void {
  known.add(id);
  if (known.size > KNOWN_IDS) known.delete(known.values().next().value!);
}
