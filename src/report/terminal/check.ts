// What a plan would do, as text: its load over time, what it needs, what this machine has.

import { unusedProxyText } from '../../facts/failure.ts';
import { faultKind } from '../../plan/fault-kind.ts';
import type {
  Contract,
  Fault,
  MonitorSettings,
  Numbering,
  Ping,
  Plan,
  Protocol,
  Reconnect,
  Segment,
} from '../../plan/plan.ts';
import { groupCounts } from '../../plan/schedule/client-groups.ts';
import { peakLevel } from '../../plan/schedule/curve.ts';
import { planStages } from '../../plan/schedule/stages.ts';
import { formatBytes } from '../../units/bytes.ts';
import { formatDuration } from '../../units/duration.ts';
import { plural } from '../../units/plural.ts';
import { printable } from '../../units/printable.ts';
import { formatCount, formatRate } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { unreachable } from '../../units/unreachable.ts';
import { coresText, memoryText } from '../words/machine-texts.ts';
import type { TextStyle } from './style.ts';
import { type HangingLine, wrapLines } from './wrap.ts';

/** What the check knows beside the plan; the numbers are for this machine. */
export interface Outlook {
  readonly plan: Plan;
  /** That the environment names a proxy, which is not used; null where it names none. */
  readonly unusedProxy: string | null;
  readonly plannedSeconds: number;
  readonly needs: {
    readonly clients: number;
    readonly messages: number | null;
    readonly workers: number;
    readonly connectionsPerWorker: number;
    readonly filesPerWorker: number;
    readonly coordinatorFiles: number;
    readonly portsPerAddress: number;
    readonly processes: number;
    readonly memoryBytes: number;
    readonly precise: boolean;
    readonly problems: readonly string[];
  };
  readonly machine: {
    readonly cores: number;
    readonly allowedCores: number;
    readonly coresBoundBy: 'machine' | 'affinity' | 'quota';
    readonly memoryBytes: number;
    readonly allowedMemoryBytes: number;
    readonly filesPerProcess: number;
    readonly portsPerAddress: number;
  };
}

export function renderCheck({ plan, plannedSeconds, needs, machine, unusedProxy }: Outlook, style: TextStyle): string {
  const verdict = needs.problems.length === 0 ? style.green('can run here') : style.red('cannot run here');
  const limit = (value: number): string => (value === Number.POSITIVE_INFINITY ? 'no known limit' : formatCount(value));
  const lines: readonly HangingLine[] = [
    {
      text: ` ${style.bold(printable(plan.name, 80))}   ${verdict}   profile ${plan.profile === null ? 'none' : printable(plan.profile, 40)}`,
      hang: 2,
    },
    BLANK,
    row('target', plan.target.urls.map((url) => printable(url, 200)).join(', ')),
    ...(unusedProxy === null ? [] : [row('proxy', unusedProxyText(unusedProxy))]),
    row('connections', plan.load.connections.map((segment) => describe(segment, formatCount)).join(', then ')),
    row('messages', messagesText(plan)),
    row('protocol', protocolText(plan.protocol)),
    ...roomRows(plan),
    ...(plan.resend === null ? [] : [row('resend', resendText(plan.resend))]),
    ...(plan.target.ping === null ? [] : [row('pings', pingText(plan.target.ping))]),
    ...(plan.reconnect === null ? [] : [row('reconnect', reconnectText(plan.reconnect))]),
    ...plan.faults.map((fault) => row('fault', faultText(fault))),
    ...misbehavingRows(plan),
    ...valueRows(plan),
    row(
      'mix',
      plan.load.mix
        .map((type) => `${printable(type.type, 40)} ${formatBytes(type.payloadBytes)} (weight ${type.weight})`)
        .join(', '),
    ),
    ...planStages(plan).map((stage) =>
      row('stage', `${printable(stage.name, 60)}: ${formatDuration(stage.fromNs)} to ${formatDuration(stage.toNs)}`),
    ),
    row(
      'lasts',
      `${plannedSeconds.toFixed(1)} s, plus the time to open the first clients and a drain of up to ${formatDuration(plan.drainNs)}`,
    ),
    row('rules', rulesText(plan)),
    ...(plan.monitors.length === 0 ? [] : [row('monitors', plan.monitors.map(monitorText).join(', '))]),
    BLANK,
    row(
      'workers',
      `${needs.workers} with ${formatCount(needs.connectionsPerWorker)} clients each, pace ${needs.precise ? 'precise' : 'economical'}`,
    ),
    row(
      'cores',
      `at most ${plural(needs.processes, 'process', 'processes')} busy at once; this process may use ${coresText(machine)}${CORES_BOUND_BY[machine.coresBoundBy]}`,
    ),
    row('memory', `at least ${formatBytes(needs.memoryBytes)}; this process may use ${memoryText(machine)}`),
    row(
      'files',
      `${formatCount(needs.filesPerWorker)} per worker, ${formatCount(needs.coordinatorFiles)} for the command; a process may open ${limit(machine.filesPerProcess)}`,
    ),
    row(
      'ports',
      `${formatCount(needs.portsPerAddress)} from one address to one target; this machine has ${limit(machine.portsPerAddress)}`,
    ),
    BLANK,
  ];
  return wrapLines(lines, style.columns).join('\n');
}

const LABEL_WIDTH = 11;
const BLANK: HangingLine = { text: '', hang: 0 };

const CORES_BOUND_BY = { machine: '', affinity: ' (CPU affinity)', quota: ' (cgroup quota)' } as const;

function row(name: string, text: string): HangingLine {
  return { text: `  ${name.padEnd(LABEL_WIDTH)} ${text}`, hang: LABEL_WIDTH + 3 };
}

function messagesText({ load }: Plan): string {
  const { messages } = load;
  switch (messages.kind) {
    case 'none':
      return 'none; connections are only opened and held';
    case 'open': {
      const start =
        messages.start.kind === 'connected'
          ? 'when the first clients are connected'
          : `from ${formatDuration(messages.start.atNs)}`;
      return `${messages.curve.map((segment) => describe(segment, formatRate)).join(', then ')}; ${messages.arrival} arrival, ${start}`;
    }
    case 'closed':
      return (
        `closed loop, ${formatCount(messages.inFlight)} in flight per client, think time ${formatDuration(messages.think.minNs)} to ` +
        `${formatDuration(messages.think.maxNs)}, for ${formatDuration(messages.durationNs)}`
      );
    default:
      return unreachable(messages);
  }
}

function describe(segment: Segment, format: (level: number) => string): string {
  switch (segment.shape) {
    case 'instant':
      return `${format(segment.to)} at once`;
    case 'hold':
      return `hold for ${formatDuration(segment.durationNs)}`;
    case 'burst':
      return `burst of ${format(segment.to)} for ${formatDuration(segment.durationNs)}`;
    case 'stepped':
      return `${segment.steps} steps to ${format(segment.to)} over ${formatDuration(segment.durationNs)}`;
    case 'linear':
    case 'exponential':
      return `${segment.shape} to ${format(segment.to)} over ${formatDuration(segment.durationNs)}`;
    default:
      return unreachable(segment.shape);
  }
}

function protocolText(protocol: Protocol): string {
  if (protocol.kind === 'echo') return `echo, ${protocol.format}: every message must come back unchanged`;
  if (protocol.kind === 'push') {
    return printable(`push${joinText(protocol.join)}: clients only receive; ${numberingText(protocol.pushes)}`, 300);
  }
  if (protocol.kind === 'module') return printable(`custom, ${protocol.file}`, 300);
  const checked =
    protocol.payload === null ? 'the content of replies is not checked' : `payload at ${protocol.payload.join('.')}`;
  const refused =
    protocol.error === null ? 'no field marks a rejection' : `rejected if ${protocol.error.join('.')} is set`;
  const taken = protocol.ack === null ? '' : `, acknowledged at ${protocol.ack.join('.')}`;
  const pushes =
    typeof protocol.pushes === 'string'
      ? `messages without an id ${PUSH_TEXTS[protocol.pushes]}`
      : `in messages without an id ${numberingText(protocol.pushes)}`;
  return printable(
    `json${joinText(protocol.join)}: replies have the id at ${protocol.id.join('.')}${taken}, ${refused}, ${checked}, ${pushes}`,
    300,
  );
}

const PUSH_TEXTS = { ignore: 'are ignored', unexpected: 'count as unexpected' } as const;

function joinText(join: readonly string[]): string {
  return join.length === 0 ? '' : `, joins with ${plural(join.length, 'message')}`;
}

function numberingText({ sequence, channel, shared }: Numbering): string {
  const within = channel === null ? '' : `, for each channel at ${channel.join('.')}`;
  return `the sequence number is at ${sequence.join('.')}${within}${shared ? ', the same for all clients' : ''}`;
}

function roomRows({ load: { rooms, connections } }: Plan): readonly HangingLine[] {
  if (rooms === null) return [];
  const clients = Math.ceil(peakLevel(connections));
  const members = Math.ceil(clients / rooms.count);
  const own = rooms.self ? ', and by its sender' : ', not by its sender';
  const text =
    `${plural(rooms.count, 'room')} of up to ${plural(members, 'client')}, ${formatCount(rooms.publishers)} of which send; ` +
    `each message must be received by ${plural(members - 1, 'other client')}${own}`;
  return [row('rooms', text)];
}

function reconnectText({ backoff, fromNs, toNs, jitter, atMost }: Reconnect): string {
  const pause =
    backoff === 'constant'
      ? formatDuration(fromNs)
      : `${formatDuration(fromNs)}, doubled up to ${formatDuration(toNs)}`;
  const length = jitter === 'full' ? `0 to ${pause} (random)` : pause;
  return `after a pause of ${length}; gives up after ${plural(atMost, 'attempt')}`;
}

function misbehavingRows({ load }: Plan): readonly HangingLine[] {
  const [healthy, ...counts] = groupCounts(load);
  if (counts.length === 0) return [];
  const kinds = load.misbehaving.map(({ misbehavior }, index) => `${formatCount(counts[index]!)} ${misbehavior.kind}`);
  return [row('misbehaving', `${kinds.join(', ')}; the rules apply to the other ${plural(healthy, 'client')}`)];
}

function pingText({ everyNs, timeoutNs }: Ping): string {
  return `every ${formatDuration(everyNs)} on each connection; a connection without a pong after ${formatDuration(timeoutNs)} is dropped`;
}

function faultText(fault: Fault): string {
  const { name, atNs, forNs } = fault;
  const kind = faultKind(fault);
  const lasts = forNs === null ? ', to the end' : forNs === 0 ? '' : `, for ${formatDuration(forNs)}`;
  const named = name === kind ? name : `${printable(name, 64)} (${kind})`;
  return `${named} at ${formatDuration(atNs)}${lasts}`;
}

/** Where clients and messages take their values from. */
function valueRows({ target, load }: Plan): readonly HangingLine[] {
  return [
    ...(target.rowsFile === null
      ? []
      : [row('rows', `${printable(target.rowsFile, 200)}, ${target.rowsOrder}, by client`)]),
    ...(load.feeder === null
      ? []
      : [row('feeder', `${printable(load.feeder.file, 200)}, ${load.feeder.order}, by message`)]),
  ];
}

function resendText({ afterNs, atMost, idempotencyCheck }: NonNullable<Plan['resend']>): string {
  const again = atMost === 0 ? [] : [`after ${formatDuration(afterNs)}, at most ${plural(atMost, 'time')}`];
  const checks =
    idempotencyCheck === null
      ? []
      : [
          `idempotency check: ${formatPercent(idempotencyCheck.share)} of messages sent with ${plural(idempotencyCheck.copies, 'extra copy', 'extra copies')}`,
        ];
  return [...again, ...checks].join('; ');
}

function monitorText(monitor: MonitorSettings): string {
  const name = printable(monitor.name, 40);
  switch (monitor.kind) {
    case 'process':
      return `${name} (process ${monitor.pid})`;
    case 'referenceTarget':
      return `${name} (the reference target)`;
    case 'machine':
      return `${name} (this machine)`;
    case 'prometheus':
      return `${name} (${monitor.series.length} series of ${printable(monitor.url, 120)})`;
    case 'command':
      return `${name} (${printable([monitor.program, ...monitor.args].join(' '), 120)})`;
    default:
      return unreachable(monitor);
  }
}

function rulesText({ thresholds, contract }: Plan): string {
  const rules = [...thresholds.map((threshold) => threshold.expression), ...contractTexts(contract)];
  return rules.length === 0 ? 'none, so the verdict cannot be a pass' : rules.join(', ');
}

function contractTexts(contract: Contract | null): string[] {
  if (contract === null) return [];
  return Object.entries(contract)
    .filter(([, value]) => value !== 'none')
    .map(([name, value]) => `${name} ${value}`);
}
