// From a document, interpolated and with its profile over it, to a plan or to all that is wrong with it. Where one part
// is malformed, the rules between the fields of the other parts are checked all the same.

import { DEFAULTS } from './defaults.ts';
import { isObject } from './document.ts';
import { templateColumns } from './interpolate.ts';
import { problemsOfIssues } from './issues.ts';
import { didYouMean } from './nearest.ts';
import type { Contract, Dialect, Load, Metric, Plan, Resend, Rooms, Target } from './plan.ts';
import { type Path, type PlacedProblem, quote } from './problems.ts';
import { redactDocument } from './redact.ts';
import { resolveConnections, resolveLoad, resolveMessages } from './resolve-load.ts';
import { type Report, reporter, resolveTarget } from './resolve-target.ts';
import { planSchema, type WrittenPlan } from './schema.ts';
import { connectionsSchema } from './schema-curves.ts';
import { messagesSchema } from './schema-load.ts';
import { targetSchema } from './schema-target.ts';
import { hostName } from './url.ts';

const MAX_NAME_LENGTH = 100;

export interface CheckedDocument {
  readonly plan: Plan | null;
  readonly problems: readonly PlacedProblem[];
}

/** `secrets` are hidden in what the problems quote. */
export function checkDocument(document: unknown, profile: string | null, secrets: readonly string[]): CheckedDocument {
  const problems: PlacedProblem[] = [];
  const report = reporter(problems);
  const parsed = planSchema.safeParse(document);
  if (parsed.success) {
    const plan = resolvePlan(parsed.data, profile, report);
    return { plan: problems.length === 0 ? plan : null, problems };
  }
  problems.push(...problemsOfIssues(parsed.error.issues, redactDocument(document, secrets), []));
  checkSections(document, report);
  return { plan: null, problems };
}

function checkSections(document: unknown, report: Report): void {
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

function resolvePlan(written: WrittenPlan, profile: string | null, report: Report): Plan {
  const target = resolveTarget(written.target, report);
  const load = resolveLoad(written.load, report);
  const largest = load.mix.reduce((most, { payloadBytes }) => Math.max(most, payloadBytes), 0);
  if (largest > target.maxMessageBytes) {
    const expected = `at least the largest message of the mix, ${largest} bytes`;
    report(['target', 'maxMessage'], expected, `${target.maxMessageBytes} bytes`, 'the echo would be refused');
  }
  if (written.contract?.order === 'per-channel' && load.rooms === null) {
    report(
      ['contract', 'order'],
      'per-stream, or load.rooms',
      'per-channel in a plan without rooms',
      'add rooms to load',
    );
  }
  const dialect = resolveDialect(written.dialect);
  checkRules(written, load, dialect, report);
  const acknowledges = dialect.kind === 'module' || (dialect.kind === 'json' && dialect.ack !== null);
  if (written.resend !== undefined && load.rooms?.self === false && !acknowledges) {
    const hint = 'set dialect.ack, or load.rooms.self: true';
    report(['resend'], 'something that tells a sender what arrived', 'no answer to a sender at all', hint);
  }
  const column = dialect.kind === 'json' ? [dialect.template, ...dialect.hello].flatMap(templateColumns)[0] : undefined;
  if (column !== undefined && target.rowsFile === null) {
    report(['target', 'rows'], `a CSV file, as \${row.${column}} is used`, 'nothing', 'write rows: users.csv');
  }
  if (load.rooms === null) {
    for (const at of placesOfRoom(target, dialect)) {
      report(at, `load.rooms, as \${room} stands here`, 'a plan without rooms', 'add rooms: { count: 10 } to load');
    }
  }
  return {
    name: written.name ?? printableName(hostName(target.urls[0])),
    profile,
    seed: written.seed ?? DEFAULTS.seed,
    target,
    dialect,
    load,
    contract: written.contract === undefined ? null : resolveContract(written.contract),
    thresholds: written.thresholds ?? [],
    abort: written.abort ?? [],
    resend: written.resend === undefined ? null : resolveResend(written.resend),
    drainNs: written.drain ?? DEFAULTS.drainNs,
    workers: written.workers ?? 'auto',
    pace: written.pace ?? 'auto',
  };
}

/** A rule may be about some of the messages: of a type, or of a priority, that the mix has. */
function checkRules(
  { thresholds = [], abort = [], resend }: WrittenRules,
  load: Load,
  dialect: Dialect,
  report: Report,
): void {
  const { mix, rooms } = load;
  for (const [list, rules] of Object.entries({ thresholds, abort })) {
    for (const [index, { metric, expression }] of rules.entries()) {
      const among = metric.kind === 'messages' || metric.kind === 'distribution' ? metric.among : null;
      if (list === 'abort' && (among !== null || isKnownAtTheEnd(metric, rooms))) {
        report([list, index], 'a condition that is known while the run goes on', quote(expression), null);
      }
      const lacking = lackingFor(metric, rooms, dialect, resend !== undefined);
      if (lacking !== null) report([list, index], lacking, quote(expression), 'as the plan is, it is never counted');
      if (among === null) continue;
      if (rooms !== null && !rooms.self && metric.of !== 'sent') {
        const hint = 'where a sender hears nothing of its own, fates are known of all messages together';
        report([list, index], 'a rule about all messages', quote(expression), hint);
      }
      const known = mix.map((type) => (among.by === 'type' ? type.type : type.priority));
      const names = [...new Set(known.filter((name) => name !== null))];
      if (names.includes(among.name)) continue;
      const expected =
        names.length === 0 ? `a mix with a ${among.by}` : `a ${among.by} of the mix: ${names.join(', ')}`;
      report([list, index], expected, quote(among.name), didYouMean(among.name, names));
    }
  }
}

type WrittenRules = Pick<WrittenPlan, 'thresholds' | 'abort' | 'resend'>;

/** What a plan must have for a count to be more than a nought that says nothing; null where it has it. */
function lackingFor(metric: Metric, rooms: Rooms | null, dialect: Dialect, isResent: boolean): string | null {
  const isFanout = metric.kind === 'fanout' || (metric.kind === 'distribution' && metric.of === 'fanout');
  if (isFanout) return rooms === null ? 'load.rooms, for a rule about what lanes hear of one another' : null;
  if (metric.kind !== 'messages') return null;
  if (metric.of === 'disagreed') return rooms === null ? 'load.rooms, for a rule about their order' : null;
  if (metric.of === 'resent') return isResent ? null : 'resend, for a rule about what is sent again';
  if (dialect.kind === 'module') return null;
  const json = dialect.kind === 'json' ? dialect : null;
  if (metric.of === 'diverged') return json?.state ? null : 'dialect.state, for a rule about the state';
  if (metric.of === 'acknowledged') return json?.ack ? null : 'dialect.ack, for a rule about acknowledgements';
  if (metric.of === 'suppressed') return json?.duplicate ? null : 'dialect.duplicate, for a rule about copies';
  return null;
}

/** What is joined from all workers once they are done. */
function isKnownAtTheEnd(metric: Metric, rooms: Rooms | null): boolean {
  if (metric.kind === 'fanout' || (metric.kind === 'distribution' && metric.of === 'fanout')) return true;
  const isFate = metric.kind === 'messages' && ['delivered', 'lost', 'unresolved'].includes(metric.of);
  return isFate && rooms !== null && !rooms.self;
}

/** Where the plan speaks of a room. */
function placesOfRoom(target: Target, dialect: Dialect): readonly Path[] {
  const speaks = (text: string): boolean => text.includes(`\${room}`);
  return [
    ...(target.urls.some(speaks) ? [['target', 'url']] : []),
    ...Object.entries(target.headers).flatMap(([name, value]) => (speaks(value) ? [['target', 'headers', name]] : [])),
    ...(dialect.kind === 'json' && speaks(dialect.template) ? [['dialect', 'send']] : []),
    ...(dialect.kind === 'json' && dialect.hello.some(speaks) ? [['dialect', 'hello']] : []),
  ];
}

function resolveDialect(written: WrittenPlan['dialect']): Dialect {
  if (written === undefined || written === 'echo') return { kind: 'echo', format: 'binary' };
  if (typeof written === 'string') return { kind: 'module', file: written };
  if (written.kind === 'echo') return { kind: 'echo', format: written.format ?? 'binary' };
  return {
    kind: 'json',
    template: JSON.stringify(written.send),
    hello: (written.hello ?? []).map((message) => JSON.stringify(message)),
    id: written.id ?? ['id'],
    error: written.error ?? null,
    ack: written.ack ?? null,
    duplicate: written.duplicate ?? null,
    state:
      written.state === undefined ? null : { count: written.state.count ?? null, digest: written.state.digest ?? null },
    payload: written.payload ?? null,
    pushes: written.pushes ?? 'unexpected',
  };
}

function resolveResend({ after, atMost, probe }: NonNullable<WrittenPlan['resend']>): Resend {
  return {
    afterNs: after ?? DEFAULTS.resend.afterNs,
    atMost: atMost ?? DEFAULTS.resend.atMost,
    probe:
      probe === undefined
        ? null
        : {
            share: probe.share,
            copies: probe.copies ?? DEFAULTS.probe.copies,
            everyNs: probe.every ?? DEFAULTS.probe.everyNs,
          },
  };
}

function resolveContract({
  delivery = 'none',
  order = 'none',
  integrity = 'none',
}: NonNullable<WrittenPlan['contract']>): Contract {
  return { delivery, order, integrity };
}

function printableName(host: string): string {
  return host.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').slice(0, MAX_NAME_LENGTH) || 'plan';
}
