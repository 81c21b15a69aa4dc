// A result as a document: its sections in the order of a reader's questions. An empty section is left out.

import type { RunResult } from '../facts/result.ts';
import { plural } from '../units/plural.ts';
import { printable } from '../units/printable.ts';
import { formatCount } from '../units/rate.ts';
import { type ReportDocument, type Section, TONES } from './document.ts';
import { type Beside, NOTHING_BESIDE, type ReportTools } from './files/report-file.ts';
import { inPlanTime } from './plan-time.ts';
import { comparisonSection } from './sections/comparison-section.ts';
import { deliverySection } from './sections/delivery-section.ts';
import { errorsSection } from './sections/errors-section.ts';
import { instrumentSection } from './sections/instrument-section.ts';
import { loadSection } from './sections/load-section.ts';
import { planSection } from './sections/plan-section.ts';
import { recoverySection } from './sections/recovery-section.ts';
import { resourcesSection } from './sections/resources-section.ts';
import { rulesSection } from './sections/rules-section.ts';
import { summarySection } from './sections/summary-section.ts';
import { timesSection } from './sections/times-section.ts';
import { trendSection } from './sections/trend-section.ts';
import { clientsText, formatSeconds, VERDICT_WORDS } from './words/figures.ts';
import { headlineCause } from './words/headline-cause.ts';

type MakeSection = (result: RunResult, tools: ReportTools, beside: Beside) => Section | null;

const SECTIONS: readonly MakeSection[] = [
  summarySection,
  rulesSection,
  comparisonSection,
  trendSection,
  timesSection,
  loadSection,
  deliverySection,
  errorsSection,
  recoverySection,
  resourcesSection,
  instrumentSection,
  planSection,
];

export function runDocument(judged: RunResult, tools: ReportTools, beside: Beside = NOTHING_BESIDE): ReportDocument {
  const result = inPlanTime(judged);
  const { run, plan, connections, verdict } = result;
  return {
    title: printable(run.name, 120),
    verdict: { word: VERDICT_WORDS[verdict.kind], tone: TONES[verdict.kind] },
    headline: headline(result),
    facts: [
      `started ${printable(run.startedAt.slice(0, 19).replace('T', ' '), 40)} UTC`,
      formatSeconds(run.durationSeconds),
      clientsText(connections),
      plural(result.messages.sent, 'message'),
      `against ${plan.target.urls.map((url) => printable(url, 200)).join(', ')}`,
      ...(plan.profile === null ? [] : [`profile ${printable(plan.profile, 60)}`]),
      ...(run.end === 'completed' ? [] : [run.end]),
    ],
    sections: SECTIONS.flatMap((make) => make(result, tools, beside) ?? []),
  };
}

/** What the verdict rests on, and what happened where that stands out. */
function headline(result: RunResult): string {
  const { verdict } = result;
  const cause = headlineCause(result);
  const rules = verdict.thresholds.length;
  switch (verdict.kind) {
    case 'pass': {
      const kept = rules === 1 ? 'Pass: the only rule passed.' : `Pass: all ${formatCount(rules)} rules passed.`;
      return cause === null ? kept : `${kept} But ${cause}`;
    }
    case 'fail': {
      const broken = verdict.thresholds.filter(({ kind }) => kind === 'fail');
      const first = broken
        .slice(0, 3)
        .map(({ expression, observedText }) => `${expression}, observed: ${observedText}`);
      const more = broken.length > first.length ? `, and ${formatCount(broken.length - first.length)} more` : '';
      const of = `${formatCount(broken.length)} of ${plural(rules, 'rule')} failed`;
      const why = cause === null ? '' : ` ${printable(cause, 400)}`;
      return `Fail: ${of}: ${printable(first.join('; '), 400)}${more}.${why}`;
    }
    case 'inconclusive':
      return `Inconclusive: ${printable(cause ?? `the run cannot be judged: ${verdict.doubts[0].detail}`, 400)}`;
  }
}
