// The first section: what was measured, what went wrong, what to do first.

import type { RunResult } from '../../facts/result.ts';
import { plural } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';
import { type Block, type KeyFigure, type ListItem, list, type Section, TONES, type Tone } from '../document.ts';
import { firstSteps } from '../words/advice.ts';
import { formatMs, formatPerSecond, formatShare } from '../words/figures.ts';
import { risksOf } from '../words/risks.ts';
import { troublesOf, unsentTotal } from '../words/troubles.ts';

export function summarySection(result: RunResult): Section {
  const isPass = result.verdict.kind === 'pass';
  // A contract may allow some of it.
  const troubles = troublesOf(result).map(
    ({ tone, text }): ListItem => ({ tone: isPass ? 'quiet' : tone, line: [text] }),
  );
  const steps = firstSteps(result).map((line): ListItem => ({ tone: 'quiet', line }));
  const blocks: readonly Block[] = [
    { kind: 'figures', figures: keyFigures(result) },
    ...list('What went wrong', troubles),
    ...list('What to do first', steps),
    ...list('Also worth knowing', risksOf(result)),
  ];
  return { id: 'summary', title: 'Summary', blocks };
}

function keyFigures(result: RunResult): readonly KeyFigure[] {
  const sends = result.plan.load.messages.kind !== 'none';
  return [
    ...(sends ? [...timeFigures(result), ...messageFigures(result)] : []),
    clientsFigure(result),
    ...outageFigures(result),
  ];
}

function timeFigures(result: RunResult): readonly KeyFigure[] {
  const { p50Ms, meanMs, p95Ms, p99Ms } = result.response;
  const shown = [
    ['p50', p50Ms, 'half were faster'],
    ['mean', meanMs, 'over all answers'],
    ['p95', p95Ms, 'one in twenty was slower'],
    ['p99', p99Ms, 'one in a hundred was slower'],
  ] as const;
  return shown.map(([statistic, ms, hint]) =>
    figure(result, {
      metric: `response.${statistic}`,
      name: `response, ${statistic}`,
      text: formatMs(ms),
      hint: ms === null ? 'too few samples' : hint,
    }),
  );
}

function messageFigures(result: RunResult): readonly KeyFigure[] {
  const { messages, throughput } = result;
  const unsent = unsentTotal(messages.unsent);
  return [
    figure(result, {
      metric: 'throughput.delivered',
      name: 'delivered',
      text: formatPerSecond(throughput.deliveredPerSecond),
      fact: `of ${formatPerSecond(throughput.offeredPerSecond)} offered`,
    }),
    figure(result, {
      metric: 'delivered',
      name: 'delivered of sent',
      text: formatShare(messages.deliveredRatio),
      fact: `${formatCount(messages.delivered)} of ${formatCount(messages.sent)}`,
    }),
    figure(result, {
      metric: 'lost',
      name: 'lost',
      text: formatCount(messages.lost),
      fact: `${formatCount(messages.unresolved)} unresolved, ${formatCount(unsent)} unsent`,
      // What is unresolved may be lost, so no loss is known to be none only without it.
      tone: messages.lost > 0 ? 'bad' : messages.unresolved + unsent > 0 ? 'open' : 'good',
    }),
    damageFigure(result),
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

function clientsFigure(result: RunResult): KeyFigure {
  const { peakOpen, failed, droppedByServer } = result.connections;
  const isGood = failed + droppedByServer === 0;
  return figure(result, {
    metric: 'connections.failed',
    name: 'clients',
    text: formatCount(peakOpen),
    fact: `connected at most at once; ${formatCount(failed)} failed, ${formatCount(droppedByServer)} dropped`,
    tone: isGood ? 'good' : hasPlannedFaults(result) ? 'quiet' : 'bad',
  });
}

/** Where clients lost their connection: how long the longest of them was away, and how many it can have been. */
function outageFigures(result: RunResult): readonly KeyFigure[] {
  const { outage, offline, opened, reconnected } = result.connections;
  const outages = outage.count + offline;
  if (outages === 0) return [];
  const affected = Math.min(outages, opened - reconnected);
  const isOver = offline === 0;
  return [
    figure(result, {
      metric: 'outage.max',
      name: 'longest outage',
      text: isOver ? formatMs(outage.maxMs) : 'to the end',
      fact:
        `${plural(outages, 'outage')} of at most ${plural(affected, 'client')}` +
        (isOver ? '' : `; ${plural(offline, 'client')} not back at the end`),
      tone: isOver && hasPlannedFaults(result) ? 'quiet' : 'bad',
    }),
  ];
}

/** What the plan's own faults do is expected. */
function hasPlannedFaults({ recovery }: RunResult): boolean {
  return (recovery?.incidents.length ?? 0) > 0;
}

interface ShownFigure {
  /** The rules about it count for its tone. */
  readonly metric: string;
  readonly name: string;
  readonly text: string;
  /** Always said. */
  readonly fact?: string;
  /** Gives way to a rule. */
  readonly hint?: string;
  /** Without a rule. */
  readonly tone?: Tone;
}

function figure(
  { plan, verdict }: RunResult,
  { metric, name, text, fact, hint, tone = 'quiet' }: ShownFigure,
): KeyFigure {
  const rules = plan.thresholds.filter(({ expression, scope }) => {
    return scope === null && new RegExp(`^${metric.replaceAll('.', '\\.')}\\s*[<>=!]`).test(expression);
  });
  const judged = rules.flatMap(({ expression }) => verdict.thresholds.filter((rule) => rule.expression === expression));
  const worst = judged.find(({ kind }) => kind === 'fail') ?? judged.find(({ kind }) => kind !== 'pass') ?? judged[0];
  const facts = fact === undefined ? [] : [fact];
  if (worst !== undefined)
    return { name, text, tone: TONES[worst.kind], note: [...facts, `rule: ${worst.expression}`].join('; ') };
  return { name, text, tone, note: [...facts, ...(hint === undefined ? [] : [hint])].join('; ') };
}
