// From a document, interpolated and with its profile over it, to a plan or to all that is wrong with it. Where one part
// is malformed, the rules between the fields of the other parts are checked all the same.

import { formatDuration } from '../../units/duration.ts';
import { isObject } from '../document.ts';
import {
  type Contract,
  type JsonProtocol,
  type Numbering,
  type Plan,
  type Protocol,
  REFERENCE_TARGET,
  type Reconnect,
  type Resend,
  type Target,
} from '../plan.ts';
import type { PlacedProblem, PlanPath } from '../problems.ts';
import { acknowledgesApart, joinOf, numberingOf, templatesOf } from '../protocols.ts';
import { redactDocument } from '../redact.ts';
import { checkRules } from '../rules/check-rules.ts';
import { connectionsSchema } from '../schema/curves.ts';
import { problemsOfIssues } from '../schema/issues.ts';
import { withLikelyForms } from '../schema/likely-forms.ts';
import { messagesSchema } from '../schema/load.ts';
import { resolveMonitors } from '../schema/monitors.ts';
import type { WrittenNumbering, WrittenState } from '../schema/protocol.ts';
import type { PlanForm, WrittenPlan } from '../schema/schema.ts';
import { targetSchema } from '../schema/target.ts';
import { templateColumns } from '../templates/client-template.ts';
import { hostName } from '../templates/url.ts';
import { DEFAULTS } from './defaults.ts';
import { resolveFaults } from './faults.ts';
import { resolveConnections, resolveLoad, resolveMessages } from './load.ts';
import { checkRows, type ReportProblem, reporter, resolveTarget } from './target.ts';

const MAX_NAME_LENGTH = 100;

export interface CheckedDocument {
  readonly plan: Plan | null;
  readonly problems: readonly PlacedProblem[];
}

/** `secrets` are hidden in what the problems quote. */
export function checkDocument(
  document: unknown,
  profile: string | null,
  secrets: readonly string[],
  form: PlanForm,
): CheckedDocument {
  const problems: PlacedProblem[] = [];
  const report = reporter(problems);
  const parsed = form.schema.safeParse(document);
  if (parsed.success) {
    const plan = resolvePlan(parsed.data, profile, form, report);
    return { plan: problems.length === 0 ? plan : null, problems };
  }
  const shown = redactDocument(document, secrets);
  problems.push(...withLikelyForms(problemsOfIssues(parsed.error.issues, shown, []), shown));
  checkSections(document, report);
  return { plan: null, problems };
}

function checkSections(document: unknown, report: ReportProblem): void {
  if (!isObject(document)) return;
  const target = targetSchema.safeParse(document.target);
  if (target.success) resolveTarget(target.data, report);
  if (!isObject(document.load)) return;
  const connections = connectionsSchema.optional().safeParse(document.load.connections);
  const messages = messagesSchema.optional().safeParse(document.load.messages);
  if (!connections.success) return;
  const curve = resolveConnections(connections.data, report);
  if (messages.success) resolveMessages(messages.data, curve, report);
}

function resolvePlan(written: WrittenPlan, profile: string | null, form: PlanForm, report: ReportProblem): Plan {
  const target = resolveTarget(written.target, report);
  const load = resolveLoad(written.load, report);
  const largest = load.mix.reduce((most, { payloadBytes }) => Math.max(most, payloadBytes), 0);
  if (largest > target.maxMessageBytes) {
    const expected = `at least the largest message of the mix, ${largest} bytes`;
    report(['target', 'maxMessage'], expected, `${target.maxMessageBytes} bytes`, 'the reply would be refused');
  }
  if (written.contract?.order === 'per-channel' && load.rooms === null) {
    report(
      ['contract', 'order'],
      'per-stream, or load.rooms',
      'per-channel in a plan without rooms',
      'add rooms to load',
    );
  }
  const protocol = resolveProtocol(written.protocol);
  if (written.contract?.replay === 'missed' && load.rooms === null && numberingOf(protocol)?.shared !== true) {
    const expected = 'none, or load.rooms, or pushes with shared: true';
    report(
      ['contract', 'replay'],
      expected,
      'missed',
      'losses are known only for messages that several clients receive',
    );
  }
  const faults = resolveFaults(written.faults ?? [], target, form.networkFaults, report);
  checkRules(written, load, protocol, faults, report);
  const acknowledges = protocol.kind === 'module' || acknowledgesApart(protocol);
  if (written.resend !== undefined && load.rooms?.self === false && !acknowledges) {
    const hint = 'set protocol.ack, or load.rooms.self: true';
    report(['resend'], 'replies or acknowledgements to the sender', 'neither', hint);
  }
  if (protocol.kind === 'json' && protocol.state?.shared === true && load.misbehaving.length > 0) {
    const hint = 'their changes to the state would count as errors of the service';
    report(['load', 'misbehaving'], 'none, because the state is shared', 'clients that misbehave', hint);
  }
  if (protocol.kind === 'json' && protocol.state?.shared === true && protocol.state.count === null) {
    report(
      ['protocol', 'state', 'count'],
      'a path, because the state is shared',
      'nothing',
      'only the count shows the order',
    );
  }
  if (protocol.kind === 'push' && load.messages.kind !== 'none') {
    const hint = 'use kind: json to send messages; it also checks pushes if protocol.pushes has a sequence';
    report(['load', 'messages'], 'no messages, because clients with the push protocol only receive', 'messages', hint);
  }
  checkRows(written.target, templatesOf(protocol), report);
  const [column] = templatesOf(protocol).flatMap((template) => templateColumns(template, 'feeder'));
  if (column !== undefined && load.feeder === null) {
    report(
      ['load', 'feeder'],
      `a CSV file, because \${feeder.${column}} is used`,
      'nothing',
      'write feeder: questions.csv',
    );
  }
  if (protocol.kind === 'json' && speaksOfPriority(protocol) && load.mix.every(({ priority }) => priority === null)) {
    const hint = 'give the types of load.mix a priority';
    report(['protocol', 'send'], `a mix with a priority, because \${priority} is used`, 'none', hint);
  }
  if (protocol.kind === 'json' && protocol.payload !== null && !protocol.template.includes(`\${payload}`)) {
    const hint = 'every reply would count as corrupted';
    report(['protocol', 'send'], `\${payload}, because protocol.payload checks it in replies`, 'none', hint);
  }
  if (load.rooms === null) {
    for (const at of placesOfRoom(target, protocol)) {
      report(at, `load.rooms, because \${room} is used`, 'a plan without rooms', 'add rooms: { count: 10 } to load');
    }
  }
  return {
    name: written.name ?? printableName(hostName(target.urls[0])),
    profile,
    seed: written.seed ?? DEFAULTS.seed,
    target,
    protocol,
    load,
    contract: written.contract === undefined ? null : resolveContract(written.contract),
    thresholds: written.thresholds ?? [],
    abort: written.abort ?? [],
    resend: written.resend === undefined ? null : resolveResend(written.resend),
    reconnect: written.reconnect === undefined ? null : resolveReconnect(written.reconnect, report),
    faults,
    drainNs: written.drain ?? DEFAULTS.drainNs,
    workers: written.workers ?? 'auto',
    pace: written.pace ?? 'auto',
    monitors: resolveMonitors(written.monitors ?? [], target.urls.includes(REFERENCE_TARGET), report),
  };
}

/** Where the plan speaks of a room. */
function placesOfRoom(target: Target, protocol: Protocol): readonly PlanPath[] {
  const speaks = (text: string): boolean => text.includes(`\${room}`);
  return [
    ...(target.urls.some(speaks) ? [['target', 'url']] : []),
    ...Object.entries(target.headers).flatMap(([name, value]) => (speaks(value) ? [['target', 'headers', name]] : [])),
    ...(protocol.kind === 'json' && speaks(protocol.template) ? [['protocol', 'send']] : []),
    ...(joinOf(protocol).some(speaks) ? [['protocol', 'join']] : []),
  ];
}

function speaksOfPriority({ template }: JsonProtocol): boolean {
  return template.includes(`\${priority}`);
}

function resolveProtocol(written: WrittenPlan['protocol']): Protocol {
  if (written === undefined || written === 'echo') return { kind: 'echo', format: 'binary' };
  if (typeof written === 'string') return { kind: 'module', file: written };
  if (written.kind === 'echo') return { kind: 'echo', format: written.format ?? 'binary' };
  if (written.kind === 'push') {
    return { kind: 'push', join: textsOf(written.join), pushes: resolveNumbering(written) };
  }
  return {
    kind: 'json',
    template: JSON.stringify(written.send),
    join: textsOf(written.join),
    id: written.id ?? ['id'],
    error: written.error ?? null,
    ack: written.ack ?? null,
    duplicate: written.duplicate ?? null,
    state: resolveState(written.state),
    payload: written.payload ?? null,
    pushes: typeof written.pushes === 'object' ? resolveNumbering(written.pushes) : (written.pushes ?? 'unexpected'),
  };
}

function resolveState(written: WrittenState): JsonProtocol['state'] {
  if (written === undefined) return null;
  const { count = null, digest = null, shared = false } = written;
  return { count, digest, shared };
}

function textsOf(messages: readonly object[] = []): readonly string[] {
  return messages.map((message) => JSON.stringify(message));
}

function resolveNumbering({ sequence, channel, shared }: WrittenNumbering): Numbering {
  return { sequence, channel: channel ?? null, shared: shared ?? false };
}

function resolveResend({ after, atMost, idempotencyCheck }: NonNullable<WrittenPlan['resend']>): Resend {
  return {
    afterNs: after ?? DEFAULTS.resend.afterNs,
    atMost: atMost ?? DEFAULTS.resend.atMost,
    idempotencyCheck:
      idempotencyCheck === undefined
        ? null
        : {
            share: idempotencyCheck.share,
            copies: idempotencyCheck.copies ?? DEFAULTS.idempotencyCheck.copies,
            everyNs: idempotencyCheck.every ?? DEFAULTS.idempotencyCheck.everyNs,
          },
  };
}

function resolveReconnect(written: NonNullable<WrittenPlan['reconnect']>, report: ReportProblem): Reconnect {
  const { backoff, from, to, jitter, atMost } = written === true ? {} : written;
  const { reconnect } = DEFAULTS;
  const fromNs = from ?? Math.min(reconnect.fromNs, to ?? reconnect.toNs);
  const toNs = to ?? Math.max(reconnect.toNs, fromNs);
  if (toNs < fromNs) {
    report(['reconnect', 'to'], `at least ${formatDuration(fromNs)}, the first pause`, formatDuration(toNs));
  }
  return {
    backoff: backoff ?? 'exponential',
    fromNs,
    toNs,
    jitter: jitter ?? 'full',
    atMost: atMost ?? reconnect.atMost,
  };
}

function resolveContract({
  delivery = 'none',
  order = 'none',
  integrity = 'none',
  replay = 'none',
}: NonNullable<WrittenPlan['contract']>): Contract {
  return { delivery, order, integrity, replay };
}

function printableName(host: string): string {
  return host.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').slice(0, MAX_NAME_LENGTH) || 'plan';
}
