// The first section: whether to go ahead, what failed, what was measured, what to do first.

import type { RunResult } from '../../facts/result.ts';
import { formatCount } from '../../units/rate.ts';
import { type Block, type KeyFigure, type ListItem, list, type Section, TONES, type Tone } from '../document.ts';
import { firstSteps } from '../words/advice.ts';
import { formatMs, formatPerSecond, formatShare } from '../words/figures.ts';
import { risksOf } from '../words/risks.ts';

export function summarySection(result: RunResult): Section {
  const steps = firstSteps(result).map((line): ListItem => ({ tone: 'quiet', line }));
  const blocks: readonly Block[] = [
    { kind: 'figures', figures: keyFigures(result) },
    ...list('What to do first', steps),
    ...list('Also worth knowing', risksOf(result)),
  ];
  return { id: 'summary', title: 'Summary', blocks };
}

function keyFigures(result: RunResult): readonly KeyFigure[] {
  const { response, messages, throughput, connections, plan } = result;
  const sends = plan.load.messages.kind !== 'none';
  return [
    ...(sends
      ? [
          figure(result, 'response.p50', 'response, median', formatMs(response.p50Ms), 'half were faster'),
          figure(
            result,
            'response.p99',
            'response, p99',
            formatMs(response.p99Ms),
            response.p99Ms === null ? 'too few samples' : 'one in a hundred was slower',
          ),
          figure(
            result,
            'throughput.delivered',
            'delivered',
            formatPerSecond(throughput.deliveredPerSecond),
            `of ${formatPerSecond(throughput.offeredPerSecond)} offered`,
          ),
          figure(
            result,
            'delivered',
            'delivered of sent',
            formatShare(messages.deliveredRatio),
            `${formatCount(messages.delivered)} of ${formatCount(messages.sent)}`,
          ),
          figure(
            result,
            'lost',
            'lost',
            formatCount(messages.lost),
            `${formatCount(messages.unresolved)} unresolved`,
            messages.lost,
          ),
          damageFigure(result),
        ]
      : []),
    figure(
      result,
      'connections.failed',
      'clients',
      formatCount(connections.peakOpen),
      `connected at most at once; ${formatCount(connections.failed)} failed, ${formatCount(connections.droppedByServer)} dropped`,
      // Drops by the plan's own faults are expected.
      result.recovery !== null && result.recovery.incidents.length > 0
        ? undefined
        : connections.failed + connections.droppedByServer,
    ),
  ];
}

/** Sums several metrics, so it has none of its own. */
function damageFigure({ messages, verdict }: RunResult): KeyFigure {
  const { duplicated, reordered, corrupted } = messages;
  const count = duplicated + reordered + corrupted;
  return {
    name: 'damaged order or content',
    text: formatCount(count),
    // A contract may allow some of it.
    tone: count === 0 ? 'good' : verdict.kind === 'pass' ? 'quiet' : 'bad',
    note: `${formatCount(duplicated)} duplicated, ${formatCount(reordered)} reordered, ${formatCount(corrupted)} corrupted`,
  };
}

/** With the rule about it, where the plan has one; without, `troubles` say whether it is good. */
function figure(
  { plan, verdict }: RunResult,
  metric: string,
  name: string,
  text: string,
  note: string,
  troubles?: number,
): KeyFigure {
  const rules = plan.thresholds.filter(({ expression, scope }) => {
    return scope === null && new RegExp(`^${metric.replaceAll('.', '\\.')}\\s*[<>=!]`).test(expression);
  });
  const judged = rules.flatMap(({ expression }) => verdict.thresholds.filter((rule) => rule.expression === expression));
  const worst = judged.find(({ kind }) => kind === 'fail') ?? judged.find(({ kind }) => kind !== 'pass') ?? judged[0];
  if (worst !== undefined) return { name, text, tone: TONES[worst.kind], note: `rule: ${worst.expression}` };
  const tone: Tone = troubles === undefined ? 'quiet' : troubles === 0 ? 'good' : 'bad';
  return { name, text, tone, note };
}
