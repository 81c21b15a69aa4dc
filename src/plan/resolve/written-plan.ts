// A resolved plan as somebody would write it in a file: the keys, units and segments of a plan, without what equals a default.
// Invariant: the parser makes the same plan of it again, but for secrets that are hidden and for folders of commands.

import { formatCount, formatRate } from '../../units/rate.ts';
import { unreachable } from '../../units/unreachable.ts';
import { isObject } from '../document.ts';
import type {
  Compression,
  Contract,
  Curve,
  Fault,
  Load,
  Messages,
  MisbehavingClients,
  MonitorSettings,
  Numbering,
  Ping,
  Plan,
  Protocol,
  Reconnect,
  Resend,
  Rooms,
  Segment,
  Target,
} from '../plan.ts';
import { groupCounts } from '../schedule/client-groups.ts';
import { DEFAULTS } from './defaults.ts';
import { durationText, percentText, rangeText, startText } from './plan-words.ts';
import { chainSegments, DEFAULT_STEPS, type WrittenSegment } from './segments.ts';

type Written = Readonly<Record<string, unknown>>;

export function writtenPlan(plan: Plan): Written {
  const { name, seed, target, protocol, load, contract, thresholds, abort, resend, reconnect, faults, monitors } = plan;
  const { drainNs, workers, pace } = plan;
  return without({
    name,
    seed: unless(seed, DEFAULTS.seed),
    target: targetOf(target),
    protocol: protocolOf(protocol),
    load: loadOf(load),
    contract: contract === null ? undefined : contractOf(contract),
    resend: resend === null ? undefined : resendOf(resend),
    reconnect: reconnect === null ? undefined : reconnectOf(reconnect),
    faults: unlessEmpty(faults.map(faultOf)),
    monitors: unlessEmpty(monitors.map(monitorOf)),
    thresholds: unlessEmpty(thresholds.map(({ expression }) => expression)),
    abort: unlessEmpty(abort.map(({ expression }) => expression)),
    drain: unlessTime(drainNs, DEFAULTS.drainNs),
    workers: unless(workers, 'auto'),
    pace: unless(pace, 'auto'),
  });
}

function targetOf(target: Target): Written {
  const { urls, headers, subprotocols, compression, tls, sourceAddresses, rowsFile, rowsOrder, ping } = target;
  const { caFile, certFile, keyFile, passphrase, serverName, insecure } = tls;
  return without({
    url: urls.length === 1 ? urls[0] : urls,
    headers: unlessBare(headers),
    subprotocols: unlessEmpty(subprotocols),
    compression: compressionOf(compression),
    tls: unlessBare(
      without({
        ca: caFile ?? undefined,
        cert: certFile ?? undefined,
        key: keyFile ?? undefined,
        passphrase: passphrase ?? undefined,
        serverName: serverName ?? undefined,
        insecure: unless(insecure, false),
      }),
    ),
    sourceAddresses: unlessEmpty(sourceAddresses),
    rows: rowsFile === null ? undefined : fileOf(rowsFile, rowsOrder),
    connectTimeout: unlessTime(target.connectTimeoutNs, DEFAULTS.connectTimeoutNs),
    handshakeTimeout: unlessTime(target.handshakeTimeoutNs, DEFAULTS.handshakeTimeoutNs),
    maxMessage: unlessSize(target.maxMessageBytes, DEFAULTS.maxMessageBytes),
    maxBuffered: unlessSize(target.maxBufferedBytes, DEFAULTS.maxBufferedBytes),
    ping: ping === null ? undefined : pingOf(ping),
  });
}

function compressionOf(compression: Compression): unknown {
  if (compression.kind === 'off') return undefined;
  const { clientContextTakeover, serverContextTakeover } = compression;
  return (
    unlessBare(
      without({
        clientContextTakeover: unless(clientContextTakeover, true),
        serverContextTakeover: unless(serverContextTakeover, true),
      }),
    ) ?? 'on'
  );
}

function pingOf({ everyNs, timeoutNs }: Ping): unknown {
  const isDefault = everyNs === DEFAULTS.ping.everyNs && timeoutNs === DEFAULTS.ping.timeoutNs;
  return isDefault ? true : { every: durationText(everyNs), timeout: durationText(timeoutNs) };
}

function fileOf(file: string, order: string): unknown {
  return order === 'sequential' ? file : { file, order };
}

function protocolOf(protocol: Protocol): unknown {
  switch (protocol.kind) {
    case 'echo':
      return protocol.format === 'binary' ? undefined : { kind: 'echo', format: protocol.format };
    case 'module':
      return protocol.file;
    case 'push':
      return { kind: 'push', ...numberingOf(protocol.pushes), ...joinOf(protocol.join) };
    case 'json': {
      const { template, join, id, error, ack, duplicate, payload, state, pushes } = protocol;
      return without({
        kind: 'json',
        send: messageOf(template),
        ...joinOf(join),
        id: unless(pathOf(id), 'id'),
        error: pathOf(error),
        ack: pathOf(ack),
        duplicate: pathOf(duplicate),
        payload: pathOf(payload),
        state:
          state === null
            ? undefined
            : without({
                count: pathOf(state.count),
                digest: pathOf(state.digest),
                shared: unless(state.shared, false),
              }),
        pushes: typeof pushes === 'string' ? unless(pushes, 'unexpected') : numberingOf(pushes),
      });
    }
    default:
      return unreachable(protocol);
  }
}

function numberingOf({ sequence, channel, shared }: Numbering): Written {
  return without({ sequence: pathOf(sequence), channel: pathOf(channel), shared: unless(shared, false) });
}

function joinOf(join: readonly string[]): Written {
  return join.length === 0 ? {} : { join: join.map(messageOf) };
}

/** A hidden secret may have taken a quotation mark with it: then the text stands as it is. */
function messageOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function pathOf(keys: readonly string[] | null): string | undefined {
  return keys?.join('.');
}

function loadOf(load: Load): Written {
  const { connections, messages, mix, rooms, misbehaving, feeder } = load;
  const [first] = mix;
  const isOne = mix.length === 1 && first.type === DEFAULTS.messageType && first.priority === null;
  return without({
    connections: connectionsOf(connections),
    messages: messagesOf(messages),
    rooms: rooms === null ? undefined : roomsOf(rooms, load),
    bytes: isOne ? unlessSize(first.payloadBytes, DEFAULTS.payloadBytes) : undefined,
    mix: isOne
      ? undefined
      : mix.map(({ type, weight, payloadBytes, priority }) =>
          without({
            type,
            weight: unless(weight, DEFAULTS.weight),
            bytes: unlessSize(payloadBytes, DEFAULTS.payloadBytes),
            priority: priority ?? undefined,
          }),
        ),
    misbehaving: unlessEmpty(misbehaving.map(misbehavingOf)),
    feeder: feeder === null ? undefined : fileOf(feeder.file, feeder.order),
  });
}

function connectionsOf(curve: Curve): unknown {
  const [first] = curve;
  const segments = segmentsOf(curve, formatCount);
  const isNumber = curve.length === 1 && first.shape === 'instant' && segments[0]!.name === undefined;
  return isNumber ? first.to : oneOrAll(segments.map((segment) => segmentText(segment, (count) => count)));
}

function messagesOf(messages: Messages): unknown {
  switch (messages.kind) {
    case 'none':
      return undefined;
    case 'open': {
      const { curve, arrival, start } = messages;
      const segments = withSteadyRates(segmentsOf(curve, formatRate));
      return without({
        open: oneOrAll(segments.map((segment) => segmentText(segment, (perSecond) => `${perSecond}/s`))),
        arrival: unless(arrival, 'constant'),
        from: unless(startText(start), 'connected'),
      });
    }
    case 'closed': {
      const { inFlight, think, replyTimeoutNs, durationNs, start } = messages;
      return without({
        closed: without({
          inFlight: unless(inFlight, DEFAULTS.inFlight),
          think: think.maxNs === 0 ? undefined : rangeText(think.minNs, think.maxNs),
          for: durationText(durationNs),
          replyTimeout: unlessTime(replyTimeoutNs, DEFAULTS.replyTimeoutNs),
        }),
        from: unless(startText(start), 'connected'),
      });
    }
    default:
      return unreachable(messages);
  }
}

/** With a name where it is another than a segment without one would get there. */
function segmentsOf(curve: Curve, levelText: (level: number) => string): readonly WrittenSegment[] {
  const written: WrittenSegment[] = [];
  for (const { name, ...segment } of curve) {
    const nameless = namelessOf(segment);
    const [first = nameless, ...others] = [...written, nameless];
    const given = chainSegments([first, ...others], levelText).at(-1)!.name;
    written.push(given === name ? nameless : { ...nameless, name });
  }
  return written;
}

function namelessOf({ shape, to, durationNs, steps }: Omit<Segment, 'name'>): WrittenSegment {
  switch (shape) {
    case 'hold':
      return { hold: durationNs };
    case 'burst':
      return { burst: to, for: durationNs };
    case 'instant':
      return { to };
    case 'linear':
      return { to, over: durationNs };
    case 'exponential':
      return { to, over: durationNs, curve: shape };
    case 'stepped':
      return { to, over: durationNs, curve: shape, ...(steps === DEFAULT_STEPS ? {} : { steps }) };
    default:
      return unreachable(shape);
  }
}

/** A rate that begins at once and is held is one segment for people. */
function withSteadyRates(segments: readonly WrittenSegment[]): readonly WrittenSegment[] {
  return segments.flatMap((segment, place): readonly WrittenSegment[] => {
    const [before, after] = [segments[place - 1], segments[place + 1]];
    if (isStart(segment) && after !== undefined && 'hold' in after) {
      return [{ rate: segment.to, for: after.hold, ...(after.name === undefined ? {} : { name: after.name }) }];
    }
    return 'hold' in segment && before !== undefined && isStart(before) ? [] : [segment];
  });
}

function isStart(segment: WrittenSegment): segment is WrittenSegment & { readonly to: number } {
  return 'to' in segment && segment.over === undefined && segment.name === undefined;
}

function segmentText(segment: WrittenSegment, level: (value: number) => unknown): Written {
  const told = Object.entries(segment).map(([key, value]) => {
    if (key === 'to' || key === 'burst' || key === 'rate') return [key, level(value as number)];
    return [key, typeof value === 'number' && key !== 'steps' ? durationText(value) : value];
  });
  return Object.fromEntries(told);
}

function oneOrAll(segments: readonly Written[]): unknown {
  return segments.length === 1 ? segments[0] : segments;
}

function roomsOf({ count, publishers, self, settleNs }: Rooms, load: Load): Written {
  const members = Math.ceil(Math.max(0, groupCounts(load)[0]) / count);
  return without({
    count,
    publishers: unless(publishers, members),
    self: unless(self, true),
    settle: unlessTime(settleNs, DEFAULTS.settleNs),
  });
}

function misbehavingOf({ share, misbehavior }: MisbehavingClients): Written {
  const common = { kind: misbehavior.kind, share: percentText(share) };
  switch (misbehavior.kind) {
    case 'slow-reader': {
      const { bytesPerSecond, afterNs } = misbehavior;
      const rate = bytesPerSecond === 0 ? undefined : byteRateText(bytesPerSecond);
      return without({ ...common, rate, after: unlessTime(afterNs, 0) });
    }
    case 'slow-handshake': {
      const { bytesPerSecond } = misbehavior;
      const isDefault = bytesPerSecond === DEFAULTS.handshakeBytesPerSecond;
      return without({ ...common, rate: isDefault ? undefined : byteRateText(bytesPerSecond) });
    }
    case 'oversized':
      return without({
        ...common,
        bytes: unlessSize(misbehavior.bytes, DEFAULTS.oversizedBytes),
        after: unlessTime(misbehavior.afterNs, DEFAULTS.misbehaveAfterNs),
      });
    case 'no-pong':
      return common;
    case 'churn':
      return without({ ...common, after: unlessTime(misbehavior.afterNs, 0) });
    case 'half-open':
    case 'malformed-frames':
    case 'reset':
      return without({ ...common, after: unlessTime(misbehavior.afterNs, DEFAULTS.misbehaveAfterNs) });
    default:
      return unreachable(misbehavior);
  }
}

function contractOf(contract: Contract): Written {
  const promised = Object.entries(contract).filter(([, value]) => value !== 'none');
  return promised.length === 0 ? { delivery: 'none' } : Object.fromEntries(promised);
}

function resendOf({ afterNs, atMost, idempotencyCheck }: Resend): Written {
  return without({
    after: durationText(afterNs),
    atMost: unless(atMost, DEFAULTS.resend.atMost),
    idempotencyCheck:
      idempotencyCheck === null
        ? undefined
        : without({
            share: percentText(idempotencyCheck.share),
            copies: unless(idempotencyCheck.copies, DEFAULTS.idempotencyCheck.copies),
            every: unlessTime(idempotencyCheck.everyNs, DEFAULTS.idempotencyCheck.everyNs),
          }),
  });
}

function reconnectOf({ backoff, fromNs, toNs, jitter, atMost }: Reconnect): unknown {
  const { reconnect } = DEFAULTS;
  const pauses = fromNs === reconnect.fromNs && toNs === reconnect.toNs;
  return (
    unlessBare(
      without({
        backoff: unless(backoff, 'exponential'),
        // Each has the other for its default.
        ...(pauses ? {} : { from: durationText(fromNs), to: durationText(toNs) }),
        jitter: unless(jitter, 'full'),
        atMost: unless(atMost, reconnect.atMost),
      }),
    ) ?? true
  );
}

function faultOf(fault: Fault): Written {
  const { name, atNs, forNs } = fault;
  const times = (kind: string, defaultName: string): Written =>
    without({
      fault: kind,
      name: unless(name, defaultName),
      at: durationText(atNs),
      for: forNs === null || forNs === 0 ? undefined : durationText(forNs),
    });
  switch (fault.kind) {
    case 'stop':
    case 'kill':
      return { ...times(fault.kind, `${fault.kind} ${fault.process}`), process: fault.process };
    case 'restart':
      return { ...times(fault.kind, 'restart reference'), process: 'reference' };
    case 'command': {
      const { run, undo } = fault;
      return without({ ...times(fault.kind, `command ${run[0]}`), run, undo: undo ?? undefined });
    }
    case 'packet_loss':
      return { ...times(fault.kind, fault.kind), rate: percentText(fault.lossRatio) };
    case 'partition':
      return times(fault.kind, fault.kind);
    case 'link_rate':
      return { ...times(fault.kind, fault.kind), rate: byteRateText(fault.bytesPerSecond) };
    case 'way':
      return { ...times(fault.fault, fault.fault), ...settingsOf(fault.fault, fault.settings) };
    default:
      return unreachable(fault);
  }
}

/** What the numbers of a network fault's settings are; a number of anything else is a plain count. */
const SETTING_UNITS: Readonly<Record<string, (value: number) => unknown>> = {
  latency: durationText,
  jitter: durationText,
  timeout: durationText,
  delay: durationText,
  share: percentText,
  rate: percentText,
  'bandwidth.rate': byteRateText,
  bytes: sizeText,
  average_size: sizeText,
  size_variation: sizeText,
};

function settingsOf(fault: string, settings: Readonly<Record<string, unknown>>): Written {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => {
      if (isObject(value) && typeof value.minNs === 'number' && typeof value.maxNs === 'number')
        return [key, rangeText(value.minNs, value.maxNs)];
      const unit = SETTING_UNITS[`${fault}.${key}`] ?? SETTING_UNITS[key];
      return [key, typeof value === 'number' && unit !== undefined ? unit(value) : value];
    }),
  );
}

function monitorOf(monitor: MonitorSettings): Written {
  const { name } = monitor;
  switch (monitor.kind) {
    case 'process':
      return { name, pid: monitor.pid };
    case 'referenceTarget':
      return { name, process: 'reference' };
    case 'machine':
      return { name, machine: true };
    case 'prometheus':
      return { name, prometheus: monitor.url, series: monitor.series };
    case 'command':
      return { name, command: [monitor.program, ...monitor.args] };
    default:
      return unreachable(monitor);
  }
}

/** Undefined for the default, which is left out. */
function unless<T>(value: T, fallback: T): T | undefined {
  return value === fallback ? undefined : value;
}

function unlessTime(ns: number, defaultNs: number): string | undefined {
  return ns === defaultNs ? undefined : durationText(ns);
}

function unlessSize(bytes: number, defaultBytes: number): unknown {
  return bytes === defaultBytes ? undefined : sizeText(bytes);
}

function unlessEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function unlessBare(value: Written): Written | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}

function without(value: Written): Written {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

const SIZE_UNITS = [
  ['MiB', 1024 ** 2],
  ['MB', 1e6],
  ['KiB', 1024],
  ['KB', 1e3],
] as const;
/** Smaller sizes are easier to read as a number. */
const LEAST_WITH_UNIT = 10_000;

function sizeText(bytes: number): string | number {
  const unit = bytes < LEAST_WITH_UNIT ? undefined : SIZE_UNITS.find(([, unitBytes]) => bytes % unitBytes === 0);
  return unit === undefined ? bytes : `${bytes / unit[1]}${unit[0]}`;
}

function byteRateText(bytesPerSecond: number): string {
  const size = sizeText(bytesPerSecond);
  return `${size}${typeof size === 'number' ? 'B' : ''}/s`;
}
