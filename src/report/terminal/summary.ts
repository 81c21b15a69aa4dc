// The text summary: the verdict first, then what it rests on, then the instrument's own health.

import { FAILURE_MEANINGS, type FailureKind } from '../../facts/failure.ts';
import type { Distribution, RunResult, ThresholdResult } from '../../facts/result.ts';
import { UNREADABLE_TEXTS, type UnreadableKind } from '../../facts/unreadable.ts';
import { unsentTexts } from '../../facts/unsent-texts.ts';
import { smallestCountFor } from '../../histogram/interval.ts';
import { formatBytes } from '../../units/bytes.ts';
import { plural } from '../../units/plural.ts';
import { printable } from '../../units/printable.ts';
import { formatCount } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { inPlanTime } from '../plan-time.ts';
import { failureAdvice } from '../words/advice.ts';
import { failureText } from '../words/failure-text.ts';
import { clientsText, formatMs, formatPerSecond, formatSeconds, formatShare, RULE_WORDS } from '../words/figures.ts';
import { findingText } from '../words/finding-text.ts';
import { headlineCause } from '../words/headline-cause.ts';
import { misbehavingTexts } from '../words/misbehaving-texts.ts';
import { monitorTexts } from '../words/monitor-texts.ts';
import { recoveryTexts } from '../words/recovery-texts.ts';
import { roomHints } from '../words/room-hints.ts';
import { monitorSeriesName } from '../words/series-names.ts';
import { firstMissedText } from '../words/troubles.ts';
import { DAMAGE_NAMES, momentText, UNEXPECTED_NAMES, violationText } from '../words/violation-text.ts';
import type { TextStyle } from './style.ts';
import { type HangingLine, wrapLines } from './wrap.ts';

/** Broken at the width of the style. `runPath`: where the record lies; null leaves the line out. */
export function renderSummary(judged: RunResult, style: TextStyle, runPath: string | null): string {
  const result = inPlanTime(judged);
  const sends = result.plan.load.messages.kind !== 'none';
  const lines = [
    headline(result, style),
    ...causeLines(result),
    BLANK,
    ...ruleLines(result, style),
    ...doubtLines(result, style),
    ...findingLines(result, style),
    ...section('messages', messageParts(result)),
    ...section('', outcomeParts(result)),
    ...(sends ? section('', throughputParts(result)) : []),
    ...rejectionLines(result),
    ...deliveryLines(result),
    ...fanoutLines(result),
    ...roomHints(result).flatMap(({ tone, text }) => (tone === 'quiet' ? [] : section('note', [text]))),
    ...pushLines(result),
    ...typeLines(result),
    ...(sends ? section('response', messageTimeParts(result.response)) : []),
    ...(sends ? section('service', [...messageTimeParts(result.service), ...jitterText(result)]) : []),
    ...section('connections', connectionParts(result)),
    ...failureLines(result),
    ...closeLines(result),
    ...negotiatedLines(result),
    ...pingLines(result),
    ...recoveryLines(result),
    ...misbehavingLines(result),
    ...section('generator', generatorParts(result)),
    ...monitorLines(result),
    ...(runPath === null ? [] : section('record', [runPath])),
    BLANK,
  ];
  return wrapLines(lines, style.columns).join('\n');
}

const LABEL_WIDTH = 11;
const BLANK: HangingLine = { text: '', hang: 0 };

function headline({ verdict, run, plan, connections }: RunResult, style: TextStyle): HangingLine {
  const badge = {
    pass: style.green(style.bold(' PASS ')),
    fail: style.red(style.bold(' FAIL ')),
    inconclusive: style.yellow(style.bold(' INCONCLUSIVE ')),
  }[verdict.kind];
  const parts = [
    printable(run.name, 80),
    `${run.durationSeconds.toFixed(1)} s`,
    clientsText(connections),
    plural(run.workerCount, 'worker'),
    `vs ${plan.target.urls.map((url) => printable(url, 120)).join(', ')}`,
  ];
  if (plan.profile !== null) parts.push(`profile ${printable(plan.profile, 40)}`);
  const early = run.end === 'completed' ? [] : [style.yellow(run.end)];
  return { text: [badge, ...parts.slice(0, 1).map(style.bold), ...parts.slice(1), ...early].join('   '), hang: 2 };
}

function causeLines(result: RunResult): HangingLine[] {
  const cause = headlineCause(result);
  return cause === null ? [] : [{ text: `  ${printable(cause, 500)}`, hang: 2 }];
}

function ruleLines({ verdict, run }: RunResult, style: TextStyle): HangingLine[] {
  const lines: HangingLine[] = [];
  if (run.endedBecause !== null) lines.push({ text: `  ended early: ${printable(run.endedBecause)}`, hang: 4 }, BLANK);
  if (verdict.thresholds.length === 0) {
    return [...lines, { text: '  the plan has no rules (thresholds or contract)', hang: 2 }, BLANK];
  }
  const width = Math.max(...verdict.thresholds.map((rule) => rule.expression.length));
  for (const rule of verdict.thresholds) {
    const text = `  ${mark(rule, style)} ${rule.expression.padEnd(width)}   ${rule.observedText}`;
    lines.push({ text, hang: MARK_WIDTH + 3 });
  }
  return [...lines, BLANK];
}

const MARK_WIDTH = 9;

function mark({ kind }: ThresholdResult, style: TextStyle): string {
  const word = RULE_WORDS[kind];
  const paint = { pass: style.green, fail: style.red, inconclusive: style.yellow }[kind];
  return paint(word) + ' '.repeat(MARK_WIDTH - word.length);
}

function doubtLines({ verdict, violations }: RunResult, style: TextStyle): HangingLine[] {
  const lines: HangingLine[] = [];
  const seen = new Set<string>();
  for (const violation of violations) {
    if (seen.has(violation.violation)) continue;
    seen.add(violation.violation);
    const where = `stream ${formatCount(violation.stream)}, ${printable(violationText(violation))} (${momentText(violation)})`;
    lines.push({ text: `  first ${violation.violation}: ${where}`, hang: 4 });
  }
  for (const doubt of verdict.doubts) {
    lines.push({ text: `  ${style.yellow('doubt')} ${printable(doubt.detail)}`, hang: 8 });
  }
  return lines.length === 0 ? [] : [...lines, BLANK];
}

function messageParts({ messages, plan }: RunResult): string[] {
  if (plan.load.messages.kind === 'none') return ['none; connections were only opened and held'];
  const reasons = unsentTexts(messages.unsent, formatCount);
  return [
    `due ${formatCount(messages.due)}`,
    `sent ${formatCount(messages.sent)}`,
    ...(reasons === '' ? [] : [`unsent (${reasons})`]),
    `delivered ${formatCount(messages.delivered)}`,
    ...(messages.rejected === 0 ? [] : [`rejected ${formatCount(messages.rejected)}`]),
    `lost ${formatCount(messages.lost)}`,
    `unresolved ${formatCount(messages.unresolved)}`,
  ];
}

function outcomeParts({ messages }: RunResult): string[] {
  const names = ['duplicated', 'reordered', 'corrupted', 'unexpected'] as const;
  return [
    ...names.map((name) => `${name} ${formatCount(messages[name])}`),
    ...(['unreadable', 'late', 'diverged'] as const).flatMap((name) =>
      messages[name] === 0 ? [] : [`${name} ${formatCount(messages[name])}`],
    ),
  ];
}

const MAX_REJECTIONS = 3;

/** What the service said of the messages that it did not take: the first of each kind. */
function rejectionLines({ rejections }: RunResult): HangingLine[] {
  const lines = rejections.slice(0, MAX_REJECTIONS).flatMap(({ client, seq, text, atSecond }, index) => {
    const first = `first at ${atSecond.toFixed(3)} s, stream ${formatCount(client)}, #${formatCount(seq)}`;
    return section(index === 0 ? 'rejected' : '', [printable(text, 200), first]);
  });
  const more = rejections.length - MAX_REJECTIONS;
  return more > 0 ? [...lines, ...section('', [`and ${plural(more, 'other reason')}`])] : lines;
}

/** What the counts say about delivery; nothing where no message was finalized. */
function deliveryLines({ delivery, messages }: RunResult): HangingLine[] {
  if (delivery.consistentWith === null) return [];
  const { reordering, loss, damage, unexpected, unreadable } = delivery;
  const places = reordering.meanExtent?.toFixed(1);
  const details = [
    ...(delivery.faultFreeOnly ? ['no connection dropped, so this says nothing about behavior under failure'] : []),
    ...(reordering.maxExtent === null
      ? []
      : [
          `reordered by ${places} positions on average, ${formatCount(reordering.maxExtent)} at most${heldText(reordering.mostHeld)}`,
        ]),
    ...(loss.periods === 0 ? [] : [`${plural(loss.periods, 'gap')}, longest ${plural(loss.longestPeriod, 'message')}`]),
    ...silentDropText(loss),
    ...acknowledgedText(messages, delivery),
    ...kinds('corrupted', damage, DAMAGE_NAMES),
    ...kinds('unexpected', unexpected, UNEXPECTED_NAMES),
    ...unreadableLines(unreadable),
  ];
  return [...section('delivery', [guaranteeText(delivery)]), ...details.flatMap((detail) => section('', [detail]))];
}

function unreadableLines(unreadable: RunResult['delivery']['unreadable']): string[] {
  return Object.entries(unreadable).map(([kind, { count, first }]) => {
    const { is, are } = UNREADABLE_TEXTS[kind as UnreadableKind];
    const example =
      first === null
        ? ''
        : `; first: client ${formatCount(first.client)} at ${first.atSecond.toFixed(3)} s: ${printable(first.text, 160)}`;
    return `unreadable: ${formatCount(count)} ${count === 1 ? is : are}${example}`;
  });
}

/** Each type of message by itself, where there are several; the first of very many. */
function typeLines({ types }: RunResult): HangingLine[] {
  const shown = types.slice(0, MAX_TYPES);
  const lines = shown.flatMap(({ type, priority, messages, response }, index) => {
    const others = (['rejected', 'lost', 'unresolved', 'duplicated', 'reordered', 'corrupted'] as const).filter(
      (name) => messages[name] > 0,
    );
    return section(index === 0 ? 'types' : '', [
      `${printable(type, 40)}${priority === null ? '' : ` (${printable(priority, 40)})`}`,
      `sent ${formatCount(messages.sent)}`,
      `delivered ${formatCount(messages.delivered)}`,
      ...others.map((name) => `${name} ${formatCount(messages[name])}`),
      percentilePart('p99', response.p99Ms, 99, response.count),
    ]);
  });
  const more = types.length > MAX_TYPES ? section('', [`and ${plural(types.length - MAX_TYPES, 'more type')}`]) : [];
  return [...lines, ...more];
}

const MAX_TYPES = 10;

/** What clients received of one another. */
function fanoutLines({ fanout, messages, plan }: RunResult): HangingLine[] {
  if (fanout === null || plan.load.rooms === null) return [];
  const { receivers, spread } = fanout;
  const reach = formatShare(fanout.receivedRatio);
  const counts = [
    `received ${reach}`,
    `expected ${formatCount(fanout.expected)}`,
    `received ${formatCount(fanout.received)}`,
    `missed ${formatCount(fanout.missed)}`,
    ...(fanout.unresolved === 0 ? [] : [`unresolved ${formatCount(fanout.unresolved)}`]),
    ...(fanout.offline === 0 ? [] : [`sent while offline ${formatCount(fanout.offline)}`]),
  ];
  const order =
    fanout.compared === 0
      ? []
      : [
          `total order: ${plural(fanout.compared, 'pair')} compared, ${plural(messages.totalOrderViolations, 'violation')}`,
        ];
  const [worst] = receivers.worst;
  const whole = `${formatCount(receivers.complete)} of ${plural(receivers.count, 'client')} received everything`;
  const short = `client ${formatCount(worst?.client ?? 0)} received ${formatCount(worst?.received ?? 0)} of ${formatCount(worst?.expected ?? 0)}`;
  const spreadText = (['first', 'median', 'last', 'skew'] as const)
    .map((name) => `to ${name} ${formatMs(spread[name].p50Ms)}`.replace('to skew', 'skew'))
    .join('   ');
  return [
    ...section('fan-out', counts),
    ...(receivers.count === 0 ? [] : section('', [worst === undefined ? whole : `${whole}; ${short}`])),
    ...fanout.firstMissed.slice(0, 1).flatMap((first) => section('', [`first missed: ${firstMissedText(first)}`])),
    ...order.flatMap((text) => section('', [text])),
    ...section('', timeParts(fanout.times)),
    ...(spread.messages === 0 ? [] : section('', [`median of ${plural(spread.messages, 'message')}: ${spreadText}`])),
  ];
}

/** What each fault did, and how the way back was. */
function recoveryLines({ recovery }: RunResult): HangingLine[] {
  const [first, ...others] = recovery === null ? [] : recoveryTexts(recovery);
  return first === undefined ? [] : [...section('recovery', [first]), ...others.flatMap((text) => section('', [text]))];
}

/** What the clients' own pings came to, where there were any. */
function pingLines({ pings }: RunResult): HangingLine[] {
  if (pings === null || pings.sent === 0) return [];
  const counts = [`sent ${formatCount(pings.sent)}`, `unanswered ${formatCount(pings.unanswered)}`];
  const { time } = pings;
  if (time.count === 0) return section('pings', counts);
  return section('pings', [
    ...counts,
    `pong ${percentilePart('p50', time.p50Ms, 50, time.count)}`,
    percentilePart('p99', time.p99Ms, 99, time.count),
    `max ${formatMs(time.maxMs)}`,
  ]);
}

/** Messages that the service sent without being asked. */
function pushLines({ pushes }: RunResult): HangingLine[] {
  if (pushes === null) return [];
  const counts = [
    `received ${formatShare(pushes.receivedRatio)}`,
    `expected ${formatCount(pushes.expected)}`,
    `received ${formatCount(pushes.received)}`,
    `missed ${formatCount(pushes.missed)}`,
    ...(pushes.unresolved === 0 ? [] : [`unresolved ${formatCount(pushes.unresolved)}`]),
    ...(pushes.offline === 0 ? [] : [`sent while offline ${formatCount(pushes.offline)}`]),
    ...(pushes.unjudged === 0 ? [] : [`not judged ${formatCount(pushes.unjudged)}`]),
    ...(pushes.renumbered === 0 ? [] : [`numbers restarted ${formatCount(pushes.renumbered)}`]),
  ];
  const { skew } = pushes;
  return [
    ...section('pushes', counts),
    ...section('', [`first after ${timeParts(pushes.firstPush).join('   ')}`]),
    ...(skew === null || skew.pushes === 0
      ? []
      : section('', [
          `from first to last client, over ${plural(skew.pushes, 'push', 'pushes')}:   ${timeParts(skew.times).join('   ')}`,
        ])),
  ];
}

/** What the service acknowledged, and what became of copies. */
function acknowledgedText(messages: RunResult['messages'], { acknowledgements }: RunResult['delivery']): string[] {
  const parts = [
    ...(messages.acknowledged === 0 ? [] : [`acknowledged ${formatCount(messages.acknowledged)}`]),
    ...(acknowledgements === null || acknowledgements.lost === 0
      ? []
      : [`${formatCount(acknowledgements.lost)} acknowledged but lost`]),
    ...(acknowledgements === null || acknowledgements.recovered === 0
      ? []
      : [`${formatCount(acknowledgements.recovered)} delivered without acknowledgement`]),
    ...(messages.resent === 0 ? [] : [`resent ${formatCount(messages.resent)}`]),
    ...(messages.deduplicated === 0 ? [] : [`copies deduplicated ${formatCount(messages.deduplicated)}`]),
  ];
  return parts.length === 0 ? [] : [parts.join('   ')];
}

/** What many services let a slow reader fall behind before they drop in silence: the default of uWebSockets. */
const TELLING_BACKLOG_BYTES = 64 * 1024;

function silentDropText({ smallestBacklogBytes }: RunResult['delivery']['loss']): string[] {
  if (smallestBacklogBytes === null || smallestBacklogBytes < TELLING_BACKLOG_BYTES) return [];
  const least = formatBytes(Math.round(smallestBacklogBytes));
  return [
    `every gap began with at least ${least} in flight on its connection: ` +
      'the service probably drops messages silently when a client reads too slowly',
  ];
}

function jitterText({ delivery: { jitter } }: RunResult): string[] {
  return jitter === null ? [] : [`jitter ${formatMs(jitter.meanMs)}`];
}

function heldText(mostHeld: number | null): string {
  return mostHeld === null ? '' : `; a receiver must buffer ${plural(mostHeld, 'message')} to restore the order`;
}

function guaranteeText({ consistentWith, messages, lossRatioBelow }: RunResult['delivery']): string {
  const of = `in ${plural(messages, 'message')}`;
  if (consistentWith === 'none') return `consistent with no guarantee ${of}: some were lost and some were duplicated`;
  const bound = lossRatioBelow === null ? '' : ` (loss < ${formatPercent(lossRatioBelow)} with 95 % confidence)`;
  return `consistent with ${consistentWith} ${of}${bound}`;
}

function kinds(
  name: string,
  counts: Readonly<Record<string, number>>,
  names: Readonly<Record<string, string>>,
): string[] {
  const present = Object.entries(counts).filter(([, count]) => count > 0);
  return present.length === 0
    ? []
    : [`${name}: ${present.map(([kind, count]) => `${names[kind]} ${formatCount(count)}`).join(', ')}`];
}

function throughputParts({ throughput }: RunResult): string[] {
  const bytes = (perSecond: number | null): string =>
    perSecond === null ? 'n/a' : `${formatBytes(Math.round(perSecond))}/s`;
  return [
    `offered ${formatPerSecond(throughput.offeredPerSecond)}`,
    `sent ${formatPerSecond(throughput.sentPerSecond)}`,
    `delivered ${formatPerSecond(throughput.deliveredPerSecond)}`,
    `${bytes(throughput.bytesSentPerSecond)} out`,
    `${bytes(throughput.bytesReceivedPerSecond)} in`,
  ];
}

function timeParts(times: Distribution): string[] {
  if (times.count === 0) return ['no samples'];
  return [
    percentilePart('p50', times.p50Ms, 50, times.count),
    percentilePart('p90', times.p90Ms, 90, times.count),
    percentilePart('p99', times.p99Ms, 99, times.count),
    percentilePart('p99.9', times.p999Ms, 99.9, times.count),
    `max ${formatMs(times.maxMs)}`,
  ];
}

/** Of messages: also the p95, which many objectives are about, and the mean. */
function messageTimeParts(times: Distribution): string[] {
  if (times.count === 0) return timeParts(times);
  const [p50 = '', p90 = '', ...others] = timeParts(times);
  return [p50, p90, percentilePart('p95', times.p95Ms, 95, times.count), ...others, `mean ${formatMs(times.meanMs)}`];
}

/** A percentile that the samples cannot bound is not a number: say how many it needs. */
function percentilePart(name: string, ms: number | null, percent: number, count: number): string {
  if (ms !== null) return `${name} ${formatMs(ms)}`;
  const needed = smallestCountFor(percent, 0.95);
  return `${name} n/a (needs ${needed === null ? 'more' : formatCount(needed)}, got ${formatCount(count)})`;
}

function connectionParts({ connections, plan }: RunResult): string[] {
  const codes = Object.entries(connections.closeCodes).map(([code, count]) => `${code} x ${formatCount(count)}`);
  return [
    `opened ${formatCount(connections.opened)}${openedIn(connections, plan.load.connections)}`,
    `${plan.reconnect === null ? 'failed' : 'failed attempts'} ${formatCount(connections.failed)}`,
    `dropped by the server ${formatCount(connections.droppedByServer)}${codes.length === 0 ? '' : ` (${codes.join(', ')})`}`,
    ...(connections.reconnected === 0 ? [] : [`reconnected ${formatCount(connections.reconnected)}`]),
    ...(connections.gaveUp === 0 ? [] : [`gave up ${formatCount(connections.gaveUp)}`]),
    ...(connections.handshake.count === 0 ? [] : [`handshake ${handshakeText(connections.handshake)}`]),
  ];
}

/** The time is until the clients of the first segment were up: said only where those are all. */
function openedIn(
  { opened, connectedSeconds }: RunResult['connections'],
  [first]: RunResult['plan']['load']['connections'],
): string {
  if (connectedSeconds === null || opened > first.to) return '';
  return ` in ${formatSeconds(connectedSeconds)}`;
}

function handshakeText({ p99Ms, maxMs }: Distribution): string {
  return p99Ms === null ? `max ${formatMs(maxMs)}` : `p99 ${formatMs(p99Ms)}`;
}

function failureLines(result: RunResult): HangingLine[] {
  return Object.entries(result.connections.failures).flatMap(([kind, failure]) => {
    const meaning = FAILURE_MEANINGS[kind as FailureKind];
    const advice = failureAdvice(result, kind as FailureKind);
    return [
      ...section('', [
        `${kind} ${formatCount(failure.count)}: ${meaning}; first: ${printable(failureText(kind as FailureKind, failure, result.run))}`,
      ]),
      ...(advice === null ? [] : section('', [`what to do: ${advice}`])),
    ];
  });
}

/** Close handshakes that the service did not keep to, and what that took. */
function closeLines({ connections: { closes } }: RunResult): HangingLine[] {
  const texts = [
    ...(closes.unanswered === 0
      ? []
      : [
          `the service did not answer ${formatCount(closes.unanswered)} of ${plural(closes.sent, 'close frame')} (RFC 6455 section 5.5.1)`,
        ]),
    ...(closes.waitedOut === 0
      ? []
      : [
          `the service did not close ${plural(closes.waitedOut, 'connection')} within 2 s after the close frame (RFC 6455 section 7.1.1); the run waited, then cut them off`,
        ]),
  ];
  return texts.flatMap((text) => section('', [text]));
}

/** What was agreed on when connections opened, where the plan asks for something or a service agreed unasked. */
function negotiatedLines({ negotiated, connections, plan }: RunResult): HangingLine[] {
  if (connections.opened === 0) return [];
  const { subprotocols, compression } = plan.target;
  const parts = [
    ...(subprotocols.length === 0 ? [] : [`subprotocol ${countsText(negotiated.subprotocol)}`]),
    ...(compression.kind === 'off' ? [] : [`compression ${countsText(negotiated.compression)}`]),
  ];
  const declined = compression.kind === 'off' ? 0 : (negotiated.compression.none ?? 0);
  return [
    ...(parts.length === 0 ? [] : section('negotiated', parts)),
    ...(declined === 0
      ? []
      : section('', [
          `the service declined compression on ${formatCount(declined)} of ${plural(connections.opened, 'connection')}`,
        ])),
  ];
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${printable(name, 100)} x ${formatCount(count)}`)
    .join(', ');
}

function misbehavingLines({ misbehaving }: RunResult): HangingLine[] {
  return misbehavingTexts(misbehaving).flatMap((text, index) => section(index === 0 ? 'misbehaving' : '', [text]));
}

function generatorParts({ generator, sendLag }: RunResult): string[] {
  const parts = [generator.healthy ? 'healthy' : 'in doubt'];
  if (sendLag.count > 0) parts.push(`send lag ${percentilePart('p99', sendLag.p99Ms, 99, sendLag.count)}`);
  if (generator.cpuRatioMax !== null) parts.push(`CPU ${formatPercent(Math.round(generator.cpuRatioMax * 100) / 100)}`);
  if (generator.eventLoopDelayMsP99 !== null) parts.push(`event loop p99 ${formatMs(generator.eventLoopDelayMsP99)}`);
  if (generator.rssBytesPerConnection !== null)
    parts.push(`${formatBytes(Math.round(generator.rssBytesPerConnection))} per connection`);
  if (generator.missedWorkers > 0) parts.push(`${plural(generator.missedWorkers, 'worker')} died`);
  return parts;
}

function findingLines({ findings }: RunResult, style: TextStyle): HangingLine[] {
  const lines = findings.map((found) => {
    const text = `${printable(monitorSeriesName(found.series), 120)}: ${printable(findingText(found))}`;
    return { text: `  ${style.yellow(found.kind)}  ${text}`, hang: 4 };
  });
  return lines.length === 0 ? [] : [...lines, BLANK];
}

function monitorLines(result: RunResult): HangingLine[] {
  return monitorTexts(result).flatMap((text, index) => section(index === 0 ? 'monitors' : '', [text]));
}

function section(name: string, parts: readonly string[]): HangingLine[] {
  const text = parts.join('   ');
  // What is set in goes on set in.
  const hang = LABEL_WIDTH + 3 + /^ */.exec(text)![0].length;
  return [{ text: `  ${name.padEnd(LABEL_WIDTH)} ${text}`, hang }];
}
