// A service whose answer is known: what it does to a message follows from its options, and it logs when each message
// came and went, so that what Highwater reads can be compared with what happened. It stands on the `ws` package and
// reads the times out of Highwater's messages by itself. Started by `known-server.ts`; ends with its channel.
//
//   arrived ── (behavior) ── departed        ns of the monotonic clock, which all processes of a machine share

import { WebSocketServer } from 'ws';

/** @typedef {{ socket: import('ws').WebSocket, data: Buffer, isBinary: boolean, index: number, arrivedNs: number }} Message */
/** @typedef {(message: Message) => void} Behave */

/** Longer than any run: the log has a bound. */
const MAX_LOGGED = 200_000;
const PULSE_EVERY_MS = 10;
/** A timer may fire this late: the rest is turned, not slept. */
const TURN_WITHIN_MS = 3;

const options = JSON.parse(process.argv[2] ?? '{}');
const nowNs = () => Number(process.hrtime.bigint());

/** @type {{ stream: number, seq: number, dueNs: number, sentNs: number, arrivedNs: number, plannedNs: number, departedNs: number }[]} */
const log = [];
/** @type {{ fromNs: number, toNs: number }[]} */
const freezes = [];
/** How late this process's own timers are: what the machine does to anybody's times just now. @type {number[]} */
const pulseLateNs = [];
const counts = { connections: 0, open: 0, peakOpen: 0, messages: 0 };

/**
 * protocols/echo/echo.ts says how a message looks; read here a second time, on purpose.
 * @param {Buffer} data
 */
function stampOf(data) {
  if (data.length < 44 || data.toString('latin1', 0, 3) !== 'HW1') return null;
  return {
    stream: data.readUInt32LE(8),
    seq: data.readDoubleLE(16),
    dueNs: data.readDoubleLE(24),
    sentNs: data.readDoubleLE(32),
  };
}

/** @param {Message} message */
function answer({ socket, data, isBinary, index }) {
  const entry = log[index];
  if (entry !== undefined) entry.departedNs = nowNs();
  socket.send(data, { binary: isBinary });
}

/**
 * Answers in the order of the calls, each when its time has come, to within a turn of the event loop.
 * @returns {(message: Message, atNs: number) => void}
 */
function departures() {
  /** @type {{ message: Message, atNs: number }[]} */
  const queue = [];
  let waiting = false;
  const look = () => {
    waiting = false;
    for (let head = queue[0]; head !== undefined && head.atNs <= nowNs(); head = queue[0]) {
      answer(head.message);
      queue.shift();
    }
    wait();
  };
  const wait = () => {
    const head = queue[0];
    if (waiting || head === undefined) return;
    waiting = true;
    const waitMs = (head.atNs - nowNs()) / 1e6;
    if (waitMs > TURN_WITHIN_MS) setTimeout(look, waitMs - TURN_WITHIN_MS);
    else setImmediate(look);
  };
  return (message, atNs) => {
    const entry = log[message.index];
    if (entry !== undefined) entry.plannedNs = atNs;
    queue.push({ message, atNs });
    wait();
  };
}

/** mulberry32 (Ettinger): small, and not the generator that Highwater uses. @param {number} seed */
function uniforms(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @type {Record<string, () => Behave>} */
const BEHAVIORS = {
  echo: () => answer,

  /** Never answers. */
  silent: () => () => {},

  /** Every message stays for `ms`. */
  delay() {
    const depart = departures();
    return (message) => depart(message, message.arrivedNs + options.ms * 1e6);
  },

  /** One server with one queue, first in first out, and exponential service times: M/M/1 where arrivals are Poisson. */
  queue() {
    const depart = departures();
    const uniform = uniforms(options.seed);
    let freeNs = 0;
    return (message) => {
      freeNs = Math.max(freeNs, message.arrivedNs) - Math.log(1 - uniform()) * options.meanServiceMs * 1e6;
      depart(message, freeNs);
    };
  },

  /**
   * Every message stays for `serviceMs`, and the whole process stands still for `forMs` in every `everyMs`, from
   * `firstAtMs` after the first message on.
   */
  freeze() {
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    const freeze = () => {
      const fromNs = nowNs();
      Atomics.wait(sleeper, 0, 0, options.forMs);
      freezes.push({ fromNs, toNs: nowNs() });
    };
    /** @param {number} originNs @param {number} count */
    const plan = (originNs, count) => {
      if (count === options.times) return;
      const atNs = originNs + (options.firstAtMs + count * options.everyMs) * 1e6;
      setTimeout(
        () => {
          freeze();
          plan(originNs, count + 1);
        },
        (atNs - nowNs()) / 1e6,
      );
    };
    return (message) => {
      if (message.index === 0) plan(message.arrivedNs, 0);
      setTimeout(() => answer(message), options.serviceMs);
    };
  },

  /** Every message comes back after `ms`, one of them (`index`, from 0) twice. */
  duplicate() {
    const depart = departures();
    return (message) => {
      const atNs = message.arrivedNs + options.ms * 1e6;
      depart(message, atNs);
      if (message.index === options.index) depart(message, atNs);
    };
  },
};

const behave = BEHAVIORS[options.behavior]?.();
if (behave === undefined) throw new RangeError(`no behavior ${options.behavior}`);

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 1024, perMessageDeflate: false });

server.on('connection', (socket) => {
  counts.connections++;
  counts.open++;
  counts.peakOpen = Math.max(counts.peakOpen, counts.open);
  socket.on('close', () => counts.open--);
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => {
    const arrivedNs = nowNs();
    const index = counts.messages++;
    const bytes = /** @type {Buffer} */ (data);
    const stamp = stampOf(bytes);
    if (stamp !== null && index < MAX_LOGGED) log[index] = { ...stamp, arrivedNs, plannedNs: 0, departedNs: 0 };
    behave({ socket, data: bytes, isBinary, index, arrivedNs });
  });
});

function pulse() {
  const expectedNs = nowNs() + PULSE_EVERY_MS * 1e6;
  setTimeout(() => {
    if (counts.open > 0 && pulseLateNs.length < MAX_LOGGED) pulseLateNs.push(Math.max(0, nowNs() - expectedNs));
    pulse();
  }, PULSE_EVERY_MS);
}

server.on('listening', () => {
  pulse();
  process.send?.({ listening: /** @type {import('node:net').AddressInfo} */ (server.address()).port });
});
process.on('message', (question) => {
  if (question === 'counts') process.send?.({ counts });
  if (question === 'log')
    process.send?.({ counts, log: log.filter((entry) => entry !== undefined), freezes, pulseLateNs });
});
process.on('disconnect', () => process.exit(0));
