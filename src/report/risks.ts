// What a reader could take for granted that the run did not show, and what showed beside its rules.

import type { RunResult } from '../facts/result.ts';
import { formatCount } from '../units/rate.ts';
import type { ListItem } from './document.ts';
import { plural } from './figures.ts';
import { findingText } from './finding-text.ts';
import { misbehavingTexts } from './misbehaving-texts.ts';
import { printable } from './printable.ts';

export function risksOf(result: RunResult): readonly ListItem[] {
  const { verdict, findings, delivery, plan, misbehaving, run, connections, negotiated } = result;
  const { compression } = plan.target;
  const declined = compression.kind === 'off' ? 0 : (negotiated.compression.none ?? 0);
  const item = (tone: ListItem['tone'], text: string): ListItem => ({ tone, line: [text] });
  return [
    ...(run.endedBecause === null ? [] : [item('open', `The run ended early: ${printable(run.endedBecause)}.`)]),
    ...verdict.doubts.map(({ detail }) => item('open', `In doubt: ${printable(detail)}`)),
    ...findings.map((found) =>
      item('bad', `A ${found.kind} in ${printable(found.series, 120)}: ${printable(findingText(found))}`),
    ),
    ...(delivery.consistentWith !== null && delivery.faultFreeOnly
      ? [
          item(
            'quiet',
            'No connection was dropped or opened again, so the run says nothing about what a failure does to messages.',
          ),
        ]
      : []),
    ...(declined === 0
      ? []
      : [
          item(
            'quiet',
            `Compression was asked for, and the service declined it on ${formatCount(declined)} of ${plural(connections.opened, 'connection')}.`,
          ),
        ]),
    ...(connections.closes.unanswered === 0
      ? []
      : [
          item(
            'quiet',
            `The service never answered ${formatCount(connections.closes.unanswered)} of ${plural(connections.closes.sent, 'close frame')}, against RFC 6455 §5.5.1.`,
          ),
        ]),
    ...(plan.load.messages.kind !== 'none' && !hasTimeRule(result)
      ? [item('quiet', 'No rule of the plan is about response time: however slow the service is, it passes.')]
      : []),
    ...(plan.load.messages.kind !== 'none' && plan.contract === null && !hasDeliveryRule(result)
      ? [item('quiet', 'No rule and no contract is about delivery: lost messages do not turn the verdict.')]
      : []),
    ...misbehavingTexts(misbehaving).map((text) => item('quiet', `Counted apart: ${text}`)),
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
