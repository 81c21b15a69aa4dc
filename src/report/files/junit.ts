// A result as JUnit XML, for CI: a test case for each rule. A rule that fails is a failure. An undecided rule is skipped where it
// had too few samples, and an error where the measurement cannot be trusted.

import type { Doubt, RunResult, ThresholdResult } from '../../facts/result.ts';
import { plainStyle } from '../terminal/style.ts';
import { renderSummary } from '../terminal/summary.ts';
import { RULE_WORDS } from '../words/figures.ts';
import type { ReportFile } from './report-file.ts';

/** There is nothing wrong with what was measured: there was not enough of it. */
const TOO_LITTLE: readonly string[] = ['noSamples', 'tooFewSamples'];

interface Case {
  readonly name: string;
  readonly inside: string;
  readonly kind: 'passed' | 'failure' | 'error' | 'skipped';
}

export function renderJunit(result: RunResult): readonly ReportFile[] {
  const { run, verdict } = result;
  const cases = [...verdict.thresholds.map((rule) => caseOf(rule, verdict.doubts)), ...trustCases(verdict.doubts)];
  const count = (kind: Case['kind']): number => cases.filter((each) => each.kind === kind).length;
  const counts = `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}"`;
  const time = `time="${run.durationSeconds.toFixed(3)}"`;
  const content = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="highwater" ${counts} ${time}>`,
    `  <testsuite name="${xml(run.name)}" ${counts} ${time} timestamp="${xml(run.startedAt)}" hostname="${xml(run.machine.hostname)}">`,
    '    <properties>',
    ...propertiesOf(result).map(([name, value]) => `      <property name="${name}" value="${xml(String(value))}"/>`),
    '    </properties>',
    ...cases.map(({ name, inside }) =>
      inside === ''
        ? `    <testcase classname="${xml(run.name)}" name="${xml(name)}"/>`
        : `    <testcase classname="${xml(run.name)}" name="${xml(name)}">${inside}</testcase>`,
    ),
    `    <system-out>${xml(renderSummary(result, plainStyle(false), null))}</system-out>`,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
  return [{ name: 'junit.xml', content }];
}

function caseOf({ expression, kind, observedText }: ThresholdResult, doubts: readonly Doubt[]): Case {
  switch (kind) {
    case 'pass':
      return { name: expression, kind: 'passed', inside: '' };
    case 'fail':
      return {
        name: expression,
        kind: 'failure',
        inside: element('failure', RULE_WORDS.fail, `observed ${observedText}`),
      };
    case 'inconclusive': {
      const own = doubts.filter(({ rule }) => rule === expression);
      const reasons = own.length > 0 ? own : doubts.filter(({ rule }) => rule === null);
      const message = reasons.map(({ detail }) => detail).join('; ');
      return own.length > 0 && own.every((doubt) => TOO_LITTLE.includes(doubt.kind))
        ? { name: expression, kind: 'skipped', inside: `<skipped message="${xml(message)}"/>` }
        : { name: expression, kind: 'error', inside: element('error', RULE_WORDS.inconclusive, message) };
    }
  }
}

/** What is doubted of the whole run is an error of its own: it may be in no rule. */
function trustCases(doubts: readonly Doubt[]): readonly Case[] {
  return doubts
    .filter(({ rule }) => rule === null)
    .map(({ kind, detail }) => ({ name: `no doubt: ${kind}`, kind: 'error', inside: element('error', kind, detail) }));
}

function propertiesOf({
  run,
  verdict,
  messages,
  response,
}: RunResult): readonly (readonly [string, string | number])[] {
  return [
    ['run.id', run.id],
    ['verdict', verdict.kind],
    ['messages.sent', messages.sent],
    ['messages.delivered', messages.delivered],
    ['messages.lost', messages.lost],
    ['messages.unresolved', messages.unresolved],
    ['messages.duplicated', messages.duplicated],
    ['messages.reordered', messages.reordered],
    ['response.p50Ms', response.p50Ms ?? ''],
    ['response.p99Ms', response.p99Ms ?? ''],
    ['response.maxMs', response.maxMs ?? ''],
  ];
}

function element(name: 'failure' | 'error', type: string, message: string): string {
  return `<${name} type="${xml(type)}" message="${xml(message)}"/>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 §2.2 has no place for most control characters, lone surrogates and U+FFFE, U+FFFF, not even escaped. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
    .replace(/[\t\n\r]/g, (character) => (character === '\n' ? '\n' : ' '));
}
