// What a custom protocol must keep, tried before it is let loose: an author's mistake is a sentence, not a
// strange result.

import type { Incoming, Outgoing, ProtocolAdapter, ProtocolSession, Wire } from './adapter.ts';

export interface AdapterProblem {
  /** Which part of the protocol. */
  readonly where: string;
  readonly expected: string;
  readonly got: string;
}

const KINDS = ['message', 'acknowledgement', 'rejection', 'unexpected', 'unreadable', 'reply'];
const KINDS_WITH_ID = ['message', 'acknowledgement', 'rejection'];
const MAX_SHOWN = 60;

/** Messages as different as a run's are. */
const SAMPLES: readonly Outgoing[] = [
  { id: '5eed0001-0-0', seq: 0, type: 'message', payload: 'aB3-_' },
  { id: '5eed0001-0-1', seq: 1, type: 'message', payload: '' },
  {
    id: '5eed0001-4294967295-9007199254740991',
    seq: Number.MAX_SAFE_INTEGER,
    type: 'größe "x"',
    payload: 'x'.repeat(5000),
  },
];

/** What a service may send however well it means: none of it may make `decode` throw. */
const FOREIGN: readonly Wire[] = [
  '',
  'join',
  '{}',
  '[]',
  'null',
  '\u0000',
  'x'.repeat(65_536),
  new Uint8Array(0),
  Uint8Array.of(0),
  Uint8Array.of(255, 255, 255, 255, 255, 255),
  Uint8Array.from({ length: 256 }, (_, byte) => byte),
  new Uint8Array(65_536),
];

/**
 * Everything that is wrong with it as far as it can be tried without a service; empty for none. `row`: of the CSV file that
 * the plan names, for a protocol that needs one.
 */
export function adapterProblems(
  protocol: unknown,
  row: Readonly<Record<string, string>> = {},
): readonly AdapterProblem[] {
  if (typeof protocol !== 'function') {
    return [problem('protocol', 'a function that takes a client', show(protocol))];
  }
  const problems: AdapterProblem[] = [];
  const session = attempt(problems, 'protocol', () => (protocol as ProtocolAdapter)({ client: 0, room: 0, row }));
  if (session === FAILED) return problems;
  if (typeof session !== 'object' || session === null) {
    return [problem('protocol', 'an object with encode and decode', show(session))];
  }
  attempt(problems, 'join', () => checkJoin(problems, session));
  for (const name of ['encode', 'decode'] as const) {
    attempt(problems, name, () => {
      if (typeof session[name] !== 'function') problems.push(problem(name, 'a function', show(session[name])));
    });
  }
  if (problems.length > 0) return problems;
  const encoded = checkEncode(problems, session);
  checkDecode(problems, session, [...FOREIGN, ...encoded]);
  return problems;
}

const FAILED = Symbol('failed');

function checkJoin(problems: AdapterProblem[], { join }: ProtocolSession): void {
  if (join === undefined) return;
  if (!Array.isArray(join)) problems.push(problem('join', 'a list of strings or bytes', show(join)));
  else if (!join.every(isWire))
    problems.push(problem('join', 'strings or bytes', show(join.find((each) => !isWire(each)))));
}

function checkEncode(problems: AdapterProblem[], session: ProtocolSession): readonly Wire[] {
  const encoded: Wire[] = [];
  for (const sample of SAMPLES) {
    const wire = attempt(problems, 'encode', () => session.encode(sample));
    if (wire === FAILED) return encoded;
    if (!isWire(wire) || wire.length === 0) {
      problems.push(problem('encode', 'a string or bytes, not empty', show(wire)));
      return encoded;
    }
    encoded.push(typeof wire === 'string' ? wire : wire.slice());
  }
  if (textOf(encoded[0]!) === textOf(encoded[1]!)) {
    problems.push(problem('encode', 'different messages for different ids', 'the same message for two ids'));
  }
  return encoded;
}

function checkDecode(problems: AdapterProblem[], session: ProtocolSession, arrivals: readonly Wire[]): void {
  for (const arrival of arrivals) {
    const incoming = attempt(problems, 'decode', () => session.decode(arrival), ` when given ${show(arrival)}`);
    if (incoming === FAILED) return;
    const wrong = incomingProblem(incoming);
    if (wrong !== null) {
      problems.push(wrong);
      return;
    }
  }
}

/** What is wrong with what `decode` returned; null for nothing. */
export function incomingProblem(incoming: unknown): AdapterProblem | null {
  // A promise that is given back unasked must not end the process when it fails.
  if (incoming instanceof Promise) incoming.catch(() => {});
  if (!Array.isArray(incoming)) return problem('decode', 'a list of entries', show(incoming));
  for (const each of incoming as readonly (Partial<Incoming> | null)[]) {
    const kind = each?.kind;
    if (kind === undefined || !KINDS.includes(kind)) {
      return problem('decode', `a kind out of ${KINDS.join(', ')}`, show(each));
    }
    const { id, payload, reason, send, state, why } = each as Readonly<Record<string, unknown>>;
    if (KINDS_WITH_ID.includes(kind) && typeof id !== 'string') {
      return problem('decode', `an id (string) with kind ${kind}`, show(id));
    }
    if (kind === 'message' && payload !== undefined && typeof payload !== 'string') {
      return problem('decode', 'a payload that is a string, or no payload', show(payload));
    }
    if (kind === 'rejection' && reason !== undefined && typeof reason !== 'string') {
      return problem('decode', 'a reason that is a string, or no reason', show(reason));
    }
    if (kind !== 'rejection' && state !== undefined && !isState(state)) {
      return problem('decode', 'a state { expected, got } of two strings, or no state', show(state));
    }
    if (kind === 'unreadable' && why !== undefined && typeof why !== 'string') {
      return problem('decode', 'a why that is a string, or no why', show(why));
    }
    if (kind === 'reply' && !isWire(send))
      return problem('decode', 'send (a string or bytes) with kind reply', show(send));
  }
  return null;
}

function isState(value: unknown): boolean {
  const { expected, got } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof expected === 'string' && typeof got === 'string';
}

function attempt<T>(problems: AdapterProblem[], where: string, call: () => T, of = ''): T | typeof FAILED {
  try {
    return call();
  } catch (error) {
    problems.push(problem(where, `not to throw${of}`, describeThrown(error)));
    return FAILED;
  }
}

function problem(where: string, expected: string, got: string): AdapterProblem {
  return { where, expected, got };
}

const MAX_MESSAGE = 300;
const MAX_STACK_LINES = 20;

/** What was thrown, and where in whose file. Anything can be thrown, of any length. */
export function describeThrown(error: unknown): string {
  if (!(error instanceof Error)) return show(error);
  const whole = String(error.message);
  const message = whole.slice(0, MAX_MESSAGE);
  const stack = String(error.stack ?? '');
  // The stack begins with name and message.
  const lines = stack.slice(Math.max(0, stack.indexOf(whole)) + whole.length).split('\n', MAX_STACK_LINES);
  const place = lines.map(
    (line) => /\(?((?:file:\/\/)?[^\s()]{1,500}:\d{1,9}:\d{1,9})\)?$/.exec(line.slice(-600))?.[1],
  );
  const first = place.find((each) => each !== undefined);
  return `${String(error.name).slice(0, MAX_SHOWN)}: ${message}${first === undefined ? '' : ` at ${first}`}`;
}

export function isWire(value: unknown): value is Wire {
  return typeof value === 'string' || value instanceof Uint8Array;
}

function textOf(wire: Wire): string {
  return typeof wire === 'string' ? `text ${wire}` : `bytes ${wire.join(' ')}`;
}

/** Whatever it is, in a few characters. */
function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'string') return JSON.stringify(shortened(value));
  try {
    return shortened(JSON.stringify(value) ?? String(value));
  } catch {
    return `a ${typeof value}`; // one that goes in circles, or that JSON does not have
  }
}

function shortened(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
