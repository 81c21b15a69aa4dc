// What the run did not show although a reader may assume it, and what it found outside its rules.

import type { RunResult } from '../../facts/result.ts';
import { plural } from '../../units/plural.ts';
import { printable } from '../../units/printable.ts';
import { formatCount } from '../../units/rate.ts';
import type { ListItem } from '../document.ts';
import { findingText } from './finding-text.ts';
import { misbehavingTexts } from './misbehaving-texts.ts';
import { roomHints } from './room-hints.ts';
import { monitorSeriesName } from './series-names.ts';

export function risksOf(result: RunResult): readonly ListItem[] {
  const { verdict, findings, delivery, plan, misbehaving, run, connections, negotiated } = result;
  const { compression } = plan.target;
  const declined = compression.kind === 'off' ? 0 : (negotiated.compression.none ?? 0);
  const item = (tone: ListItem['tone'], text: string): ListItem => ({ tone, line: [text] });
  return [
    ...(run.endedBecause === null ? [] : [item('open', `The run ended early: ${printable(run.endedBecause)}.`)]),
    ...verdict.doubts.map(({ detail }) => item('open', `Doubt: ${printable(detail)}`)),
    ...findings.map((found) =>
      item(
        'bad',
        `A ${found.kind} in ${printable(monitorSeriesName(found.series), 120)}: ${printable(findingText(found))}`,
      ),
    ),
    ...(delivery.consistentWith !== null && delivery.faultFreeOnly
      ? [item('quiet', 'No connection dropped, so this says nothing about behavior under failure.')]
      : []),
    ...(declined === 0
      ? []
      : [
          item(
            'quiet',
            `The service declined compression on ${formatCount(declined)} of ${plural(connections.opened, 'connection')}.`,
          ),
        ]),
    ...(connections.closes.unanswered === 0
      ? []
      : [
          item(
            'quiet',
            `The service did not answer ${formatCount(connections.closes.unanswered)} of ${plural(connections.closes.sent, 'close frame')} (RFC 6455 §5.5.1 requires it).`,
          ),
        ]),
    ...roomHints(result).map(({ tone, text }) => item(tone, text)),
    ...(plan.load.messages.kind !== 'none' && !hasTimeRule(result)
      ? [item('quiet', 'The plan has no rule about response time: a slow service passes.')]
      : []),
    ...(plan.load.messages.kind !== 'none' && plan.contract === null && !hasDeliveryRule(result)
      ? [item('quiet', 'The plan has no rule or contract about delivery: lost messages do not change the verdict.')]
      : []),
    ...misbehavingTexts(misbehaving).map((text) => item('quiet', `Misbehaving clients: ${text}`)),
  ];
}

/** Of how long messages take, and not of something else that takes time. */
function hasTimeRule({ plan }: RunResult): boolean {
  const times: readonly string[] = ['response', 'service', 'fanout', 'firstPush'];
  return plan.thresholds.some(({ metric }) => metric.kind === 'distribution' && times.includes(metric.of));
}

function hasDeliveryRule({ plan }: RunResult): boolean {
  const others: readonly string[] = ['sent', 'unsent', 'due'];
  return plan.thresholds.some(
    ({ metric }) =>
      metric.kind === 'fanout' ||
      metric.kind === 'pushes' ||
      (metric.kind === 'messages' && !others.includes(metric.of)),
  );
}
