// A result for a pull request: tables and a part that folds, in the Markdown that GitHub and GitLab have in common. Text from
// outside is written as code, so that it cannot act as Markdown.

import type { PlanTrend } from '../../analysis/compare/plan-trend.ts';
import type { Comparison } from '../../facts/comparison.ts';
import type { FailureKind } from '../../facts/failure.ts';
import type { Distribution, RunResult, ThresholdResult } from '../../facts/result.ts';
import { plural } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { CHANGES } from '../words/comparison-figures.ts';
import { failureText } from '../words/failure-text.ts';
import { clientsText, formatMs, formatPerSecond, formatSeconds, RULE_WORDS, VERDICT_WORDS } from '../words/figures.ts';
import { findingText } from '../words/finding-text.ts';
import { headlineCause } from '../words/headline-cause.ts';
import { misbehavingTexts } from '../words/misbehaving-texts.ts';
import { recoveryTexts } from '../words/recovery-texts.ts';
import { monitorSeriesName } from '../words/series-names.ts';
import { commitText, FIGURE_NAMES, levelsText } from '../words/trend-texts.ts';
import { violationText } from '../words/violation-text.ts';
import { comparisonParagraphs } from './comparison-markdown.ts';
import { code, paragraphs, table } from './markdown-parts.ts';
import type { Beside, ReportFile } from './report-file.ts';

const MARKS: Readonly<Record<ThresholdResult['kind'], string>> = {
  pass: RULE_WORDS.pass,
  fail: `**${RULE_WORDS.fail}**`,
  inconclusive: RULE_WORDS.inconclusive,
};

export function renderMarkdown(
  result: RunResult,
  _tools: unknown,
  { comparison, trend }: Beside,
): readonly ReportFile[] {
  const { run, verdict, plan } = result;
  const sections = [
    [`## ${VERDICT_WORDS[verdict.kind]}: ${code(run.name, 80)}`],
    causeOf(result),
    [
      `${formatSeconds(run.durationSeconds)}, ${clientsText(result.connections)}, ${plural(run.workerCount, 'worker')}, ` +
        `against ${plan.target.urls.map((url) => code(url, 120)).join(', ')}` +
        `${plan.profile === null ? '' : `, profile ${code(plan.profile, 40)}`}`,
      ...(run.endedBecause === null ? [] : ['', `Ended early: ${code(run.endedBecause)}`]),
    ],
    rulesOf(verdict.thresholds),
    ...(comparison === null ? [] : againstBaseline(comparison)),
    trend === null ? [] : worseSince(trend),
    verdict.doubts.map(({ detail }) => `- doubt: ${code(detail)}`),
    result.findings.map(
      (found) => `- ${found.kind}: ${code(monitorSeriesName(found.series), 120)}: ${code(findingText(found))}`,
    ),
    refusalsOf(result),
    violationsOf(result),
    figuresOf(result),
    details(result),
  ];
  return [{ name: 'report.md', content: paragraphs(sections) }];
}

function causeOf(result: RunResult): readonly string[] {
  const cause = headlineCause(result);
  return cause === null ? [] : [code(cause, 400)];
}

/** The first of each kind, in the service's own words. */
function refusalsOf({ rejections }: RunResult): readonly string[] {
  return rejections
    .slice(0, MOST_REFUSALS)
    .map(
      ({ text, client, seq }) => `- rejected: ${code(text, 200)} (stream ${formatCount(client)}, #${formatCount(seq)})`,
    );
}

const MOST_REFUSALS = 3;

function againstBaseline(comparison: Comparison): readonly (readonly string[])[] {
  return [[`### ${CHANGES[comparison.change]} against the baseline`], ...comparisonParagraphs(comparison)];
}

/** Where the latest change is for the worse: what of it is. */
function worseSince({ changes }: PlanTrend): readonly string[] {
  const latest = changes.filter(({ place }) => place === changes[0]?.place);
  return latest
    .filter(({ direction }) => direction === 'worse')
    .map((change) => {
      const commit = commitText(change.run);
      const since = `${code(change.run.id, 120)}${commit === null ? '' : ` (commit ${code(commit)})`}`;
      return `- worse since run ${since}: ${FIGURE_NAMES[change.figure]} ${code(levelsText(change))}`;
    });
}

function rulesOf(thresholds: readonly ThresholdResult[]): readonly string[] {
  if (thresholds.length === 0) return ['The plan has no rules (thresholds or contract).'];
  return table(
    ['rule', 'observed', 'result'],
    thresholds.map(({ expression, observedText, kind }) => [code(expression), code(observedText), MARKS[kind]]),
  );
}

function violationsOf({ violations }: RunResult): readonly string[] {
  const firsts = new Map(violations.toReversed().map((violation) => [violation.violation, violation]));
  return [...firsts.values()]
    .sort((a, b) => a.atSecond - b.atSecond)
    .map(
      (first) =>
        `- first ${first.violation}: stream ${formatCount(first.stream)}, ${code(violationText(first))}, at ${first.atSecond.toFixed(3)} s`,
    );
}

function figuresOf({ messages, throughput, connections, response, service, plan }: RunResult): readonly string[] {
  const times = plan.load.messages.kind === 'none' ? [] : [timeRow('response', response), timeRow('service', service)];
  return [
    ...table(
      ['messages', 'delivered', 'lost', 'unresolved', 'duplicated', 'reordered', 'corrupted'],
      [
        [
          `${formatCount(messages.sent)} sent of ${formatCount(messages.due)} due`,
          `${formatCount(messages.delivered)}${messages.deliveredRatio === null ? '' : ` (${formatPercent(messages.deliveredRatio)})`}`,
          ...[messages.lost, messages.unresolved, messages.duplicated, messages.reordered, messages.corrupted].map(
            formatCount,
          ),
        ],
      ],
    ),
    ...(times.length === 0 ? [] : ['', ...table(['time', 'p50', 'p90', 'p99', 'p99.9', 'max'], times)]),
    '',
    ...table(
      ['offered', 'sent', 'delivered', 'connections opened', 'failed', 'dropped by the server'],
      [
        [
          formatPerSecond(throughput.offeredPerSecond),
          formatPerSecond(throughput.sentPerSecond),
          formatPerSecond(throughput.deliveredPerSecond),
          ...[connections.opened, connections.failed, connections.droppedByServer].map(formatCount),
        ],
      ],
    ),
  ];
}

function timeRow(name: string, { p50Ms, p90Ms, p99Ms, p999Ms, maxMs }: Distribution): readonly string[] {
  return [name, ...[p50Ms, p90Ms, p99Ms, p999Ms, maxMs].map(formatMs)];
}

function details(result: RunResult): readonly string[] {
  const { run, generator, connections, recovery, misbehaving, stages } = result;
  const failures = Object.entries(connections.failures).map(
    ([kind, failure]) =>
      `- ${kind} ${formatCount(failure.count)}, first: ${code(failureText(kind as FailureKind, failure, run))}`,
  );
  return [
    '<details><summary>Details</summary>',
    '',
    ...section('Stages', stages.length < 2 ? [] : stageRows(stages)),
    ...section('Why connections failed', failures),
    ...section('Recovery', recovery === null ? [] : list(recoveryTexts(recovery))),
    ...section('Misbehaving clients', list(misbehavingTexts(misbehaving))),
    `Generator ${generator.healthy ? 'healthy' : 'in doubt'}, send lag p99 ${formatMs(result.sendLag.p99Ms)}` +
      `${generator.cpuRatioMax === null ? '' : `, CPU at most ${formatPercent(Math.round(generator.cpuRatioMax * 100) / 100)}`}.`,
    `Highwater ${code(run.highwaterVersion, 40)}, Node ${code(run.nodeVersion, 40)}, ${code(run.machine.cpuModel, 80)}, ` +
      `${plural(run.machine.cores, 'core')}. Run ${code(run.id, 120)}.`,
    '',
    '</details>',
  ];
}

function stageRows(stages: RunResult['stages']): readonly string[] {
  return table(
    ['stage', 'sent', 'delivered', 'response p50', 'p99', 'max'],
    stages.map(({ name, messages, response }) => [
      code(name, 60),
      formatCount(messages.sent),
      formatCount(messages.delivered),
      ...[response.p50Ms, response.p99Ms, response.maxMs].map(formatMs),
    ]),
  );
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`**${title}**`, '', ...lines, ''];
}

function list(texts: readonly string[]): readonly string[] {
  return texts.map((text) => `- ${code(text.trim())}`);
}
