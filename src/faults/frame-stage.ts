// The stage in which messages meet their faults: bytes are cut into frames, frames joined to messages, and each message given
// to the first fault that chooses it, or sent on. It is the first stage of its way, so that what comes after works on the
// bytes as they will be. Control frames go in their place; before a close frame, what was held back goes.
//
// Until the handshake is answered with 101, and for ever where it is not, bytes pass as they are.

import { opcodes } from '../frames/opcodes.ts';
import { type CutFrame, FrameCutter } from '../frames/wire-frame.ts';
import { type Choice, createDecide, type Decide } from '../injection/decide.ts';
import type { LogAct } from '../injection/truth.ts';
import type { Way } from '../plan/network-faults.ts';
import { type Assembled, createAssembler, createLayOut, type DirectionCompression } from './assembler.ts';
import type { AffectMessage } from './fault.ts';
import type { FaultMeter } from './fault-meter.ts';
import { nameOf } from './message-name.ts';
import { createMessageWay, type HostedWay } from './message-way.ts';
import type { MakeStage, StageContext } from './stage.ts';
import type { UpgradeWatch } from './upgrade.ts';

/** Larger messages than this are not looked into: their connection is reset. */
export const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;
const FRAME_HEADER_BYTES = 14;
/** What affects deliveries to others than the sender is chosen for each receiver by itself. */
const SEED_STEP = 7919;

/** What affects messages and pongs at the moment. */
export interface MessageFaultRules {
  readonly messages: Choice<ActiveMessageFault>;
  /** Of the faults that each message passes. */
  readonly passedBy: readonly FaultMeter[];
  readonly pongs: Choice<FaultMeter>;
}

export interface ActiveMessageFault {
  readonly affect: AffectMessage;
  readonly meter: FaultMeter;
}

export interface FrameHost {
  readonly way: Way;
  /** Of the connection at the proxy. */
  readonly number: number;
  /** The client that the request names; null where it names none. */
  readonly client: () => number | null;
  readonly upgrade: UpgradeWatch;
  /** Another object each time that they change. */
  readonly rules: () => MessageFaultRules;
  /** False where the way is only watched for the answer to the handshake. */
  readonly isParsed: boolean;
  readonly logAct: LogAct;
}

export function createFrameStage(host: FrameHost): MakeStage {
  return (context) => {
    let frames: FrameFeed | null = null;

    function push(bytes: Uint8Array): void {
      const headBytes = host.way === 'down' ? host.upgrade.answered(bytes) : 0;
      if (headBytes > 0) context.next.push(bytes.subarray(0, headBytes));
      const rest = bytes.subarray(headBytes);
      if (rest.length === 0) return;
      const upgrade = host.upgrade.state();
      if (!host.isParsed || upgrade.kind !== 'frames') context.next.push(rest);
      else {
        frames ??= createFrameFeed(host, context, upgrade.compression[host.way]);
        frames.feed(rest);
      }
    }

    return {
      push,
      end() {
        frames?.flush();
        context.next.end();
      },
      retire: () => frames?.flush(),
      dispose: () => frames?.over(),
    };
  };
}

interface FrameFeed {
  feed(bytes: Uint8Array): void;
  flush(): void;
  over(): void;
}

function createFrameFeed(host: FrameHost, context: StageContext, compression: DirectionCompression | null): FrameFeed {
  const cutter = new FrameCutter(MAX_MESSAGE_BYTES + FRAME_HEADER_BYTES);
  const assemble = createAssembler(compression, MAX_MESSAGE_BYTES, {
    message: receive,
    control,
    stray: (bytes) => way.pass(bytes),
  });
  const logAct: LogAct = (act) => host.logAct({ ...act, way: host.way });
  let client = host.client();
  let rules: MessageFaultRules | null = null;
  let decide: ((stream: number, seq: number) => ActiveMessageFault | null) | null = null;
  let swallows: Decide<FaultMeter> | null = null;
  let received = 0;
  let pongs = 0;
  let isGivenUp = false;
  const to = (): number => client ?? host.number;
  const way: HostedWay = createMessageWay({
    context,
    layOut: createLayOut(compression),
    seed: host.rules().messages.seed,
    to,
    logAct,
  });

  function receive(message: Assembled): void {
    if (way.isOver) return;
    const name = nameOf(message.payload, message.isText);
    if (client === null && name !== null) {
      client = name.stream;
      rules = null; // who a delivery is for is part of what is chosen by
    }
    const { stream, seq } = name ?? { stream: host.number, seq: received };
    received++;
    readRules();
    const named = { ...message, stream, seq };
    for (const meter of rules?.passedBy ?? []) meter.add('passed');
    const chosen = decide?.(stream, seq) ?? null;
    if (chosen === null) way.send(named);
    else {
      chosen.meter.add('chosen');
      way.countBy(chosen.meter);
      chosen.affect(named, way);
    }
  }

  function readRules(): void {
    const current = host.rules();
    if (current === rules) return;
    rules = current;
    const { messages } = current;
    const own = createDecide(messages, to());
    const others = createDecide({ ...messages, seed: messages.seed + SEED_STEP * (to() + 1) }, to());
    decide = (stream, seq) => (stream === to() ? own : others)(stream, seq);
    swallows = createDecide(current.pongs, to());
  }

  function control(frame: CutFrame): void {
    if (frame.opcode === opcodes.close) way.flush();
    if (frame.opcode === opcodes.pong) {
      readRules();
      const swallowed = swallows?.(host.number, pongs++) ?? null;
      if (swallowed !== null) {
        swallowed.add('swallowedPongs');
        logAct({ act: 'swallowPong', to: to() });
        return;
      }
    }
    way.pass(frame.bytes);
  }

  return {
    feed(bytes) {
      if (isGivenUp) return;
      const isCut = cutter.feed(bytes, (frame) => {
        isGivenUp ||= !assemble(frame);
      });
      isGivenUp ||= !isCut;
      if (isGivenUp) context.sever('reset');
    },
    flush: () => way.flush(),
    over: () => way.over(received),
  };
}
