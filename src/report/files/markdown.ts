// A result for a pull request: tables and a part that folds, in the Markdown that GitHub and GitLab have in common. Text from
// outside is written as code, so that it cannot act as Markdown.

import type { PlanTrend } from '../../analysis/compare/plan-trend.ts';
import type { Comparison } from '../../facts/comparison.ts';
import type { Distribution, MessageResult, RunResult, ThresholdResult } from '../../facts/result.ts';
import { plural } from '../../units/plural.ts';
import { formatCount } from '../../units/rate.ts';
import { formatPercent } from '../../units/ratio.ts';
import { inPlanTime } from '../plan-time.ts';
import { CHANGES } from '../words/comparison-figures.ts';
import { closeRows, failureRows, unreadableRows } from '../words/error-texts.ts';
import { clientsText, formatMs, formatPerSecond, formatSeconds, RULE_WORDS, VERDICT_WORDS } from '../words/figures.ts';
import { findingText } from '../words/finding-text.ts';
import { headlineCause } from '../words/headline-cause.ts';
import { misbehavingTexts } from '../words/misbehaving-texts.ts';
import { recoveryTexts } from '../words/recovery-texts.ts';
import { monitorSeriesName } from '../words/series-names.ts';
import { commitText, FIGURE_NAMES, levelsText } from '../words/trend-texts.ts';
import { troublesOf } from '../words/troubles.ts';
import { momentText, violationName, violationText } from '../words/violation-text.ts';
import { comparisonParagraphs } from './comparison-markdown.ts';
import { code, paragraphs, table } from './markdown-parts.ts';
import type { Beside, ReportFile } from './report-file.ts';

const MARKS: Readonly<Record<ThresholdResult['kind'], string>> = {
  pass: RULE_WORDS.pass,
  fail: `**${RULE_WORDS.fail}**`,
  inconclusive: RULE_WORDS.inconclusive,
};

export function renderMarkdown(
  judged: RunResult,
  _tools: unknown,
  { comparison, trend }: Beside,
): readonly ReportFile[] {
  const result = inPlanTime(judged);
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
    troublesOf(result).map(({ text }) => `- ${text}`),
    violationsOf(result),
    booksOf(result.messages),
    typesOf(result.types),
    timesOf(result),
    ratesOf(result),
    ...errorsOf(result),
    details(result),
  ];
  return [{ name: 'report.md', content: paragraphs(sections) }];
}

function causeOf(result: RunResult): readonly string[] {
  const cause = headlineCause(result);
  return cause === null ? [] : [code(cause, 400)];
}

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
        `- first ${violationName(first.violation)}: stream ${formatCount(first.stream)}, ${code(violationText(first))} (${momentText(first)})`,
    );
}

/** Always shown; the others where there are any. */
const ALWAYS = ['lost', 'unresolved', 'duplicated', 'reordered', 'corrupted'] as const;
const IF_ANY: readonly (readonly [keyof MessageResult & string, name: string])[] = [
  ['rejected', 'rejected'],
  ['unexpected', 'unexpected'],
  ['unreadable', 'unreadable'],
  ['late', 'late'],
  ['diverged', 'wrong state'],
  ['totalOrderViolations', 'total-order violations'],
];

function booksOf(messages: MessageResult): readonly string[] {
  const others = IF_ANY.filter(([name]) => (messages[name] as number) > 0);
  return table(
    ['messages', 'delivered', ...ALWAYS, ...others.map(([, name]) => name)],
    [
      [
        `${formatCount(messages.sent)} sent of ${formatCount(messages.due)} due`,
        `${formatCount(messages.delivered)}${messages.deliveredRatio === null ? '' : ` (${formatPercent(messages.deliveredRatio)})`}`,
        ...ALWAYS.map((name) => formatCount(messages[name])),
        ...others.map(([name]) => formatCount(messages[name] as number)),
      ],
    ],
  );
}

function typesOf(types: RunResult['types']): readonly string[] {
  if (types.length === 0) return [];
  const shown = types.slice(0, MOST_TYPES);
  const hasRejected = shown.some(({ messages }) => messages.rejected > 0);
  const counts = [
    'sent',
    'delivered',
    ...(hasRejected ? (['rejected'] as const) : []),
    'lost',
    'unresolved',
    'duplicated',
    'reordered',
    'corrupted',
  ] as const;
  const more = types.length - shown.length;
  return [
    ...table(
      ['type', ...counts, 'response p50', 'p95', 'p99'],
      shown.map(({ type, priority, messages, response }) => [
        `${code(type, 60)}${priority === null ? '' : ` (${code(priority, 60)})`}`,
        ...counts.map((name) => formatCount(messages[name])),
        ...[response.p50Ms, response.p95Ms, response.p99Ms].map(formatMs),
      ]),
    ),
    ...(more > 0 ? ['', `and ${plural(more, 'more type')}`] : []),
  ];
}

const MOST_TYPES = 20;

function timesOf({ response, service, plan }: RunResult): readonly string[] {
  if (plan.load.messages.kind === 'none') return [];
  return table(
    ['time', 'mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'],
    [timeRow('response', response), timeRow('service', service)],
  );
}

function timeRow(name: string, { meanMs, p50Ms, p90Ms, p95Ms, p99Ms, p999Ms, maxMs }: Distribution): readonly string[] {
  return [name, ...[meanMs, p50Ms, p90Ms, p95Ms, p99Ms, p999Ms, maxMs].map(formatMs)];
}

function ratesOf({ throughput, connections }: RunResult): readonly string[] {
  return table(
    ['offered', 'sent', 'delivered', 'connections opened', 'failed', 'dropped by the server'],
    [
      [
        formatPerSecond(throughput.offeredPerSecond),
        formatPerSecond(throughput.sentPerSecond),
        formatPerSecond(throughput.deliveredPerSecond),
        ...[connections.opened, connections.failed, connections.droppedByServer].map(formatCount),
      ],
    ],
  );
}

/** Each table with its title; what was said stands in code. */
function errorsOf(result: RunResult): readonly (readonly string[])[] {
  const { rejections } = result;
  const said = (message: string | null): string => (message === null ? '' : code(message));
  return [
    titled(
      'Why connections failed',
      ['what happened', 'count', 'first message', 'what to do'],
      failureRows(result).map(({ kind, count, meaning, message, advice }) => [
        `${meaning} (${code(kind, 40)})`,
        formatCount(count),
        said(message),
        advice ?? '',
      ]),
    ),
    titled(
      'How the service closed connections',
      ['close code', 'connections', 'meaning', 'first reason'],
      closeRows(result).map(({ kind, count, meaning, message }) => [
        code(kind, 40),
        formatCount(count),
        meaning,
        said(message),
      ]),
    ),
    titled(
      'What the service said when it rejected messages',
      ['first message of each kind', 'stream', 'number'],
      rejections.map(({ text, client, seq }) => [code(text, 200), formatCount(client), formatCount(seq)]),
    ),
    titled(
      'Messages that could not be read',
      ['what they are', 'messages', 'first message', 'what to do'],
      unreadableRows(result).map(({ count, meaning, message, advice }) => [
        meaning,
        formatCount(count),
        said(message),
        advice ?? '',
      ]),
    ),
  ];
}

function titled(title: string, head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : [`**${title}**`, '', ...table(head, rows)];
}

function details(result: RunResult): readonly string[] {
  const { run, generator, recovery, misbehaving, stages } = result;
  return [
    '<details><summary>Details</summary>',
    '',
    ...section('Stages', stages.length < 2 ? [] : stageRows(stages)),
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
