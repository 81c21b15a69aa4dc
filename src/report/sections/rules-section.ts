// Every rule of the plan and every clause of its contract, with what was observed.

import type { RunResult } from '../../facts/result.ts';
import { type Section, TONES } from '../document.ts';
import { said, table, text, words } from '../tables.ts';
import { RULE_WORDS } from '../words/figures.ts';

const NOTE = 'Undecided: there were too few samples, or the measurement cannot be trusted.';

export function rulesSection({ verdict }: RunResult): Section | null {
  if (verdict.thresholds.length === 0) return null;
  const doubtsOf = (rule: string): string =>
    verdict.doubts
      .filter((doubt) => doubt.rule === rule)
      .map(({ detail }) => detail)
      .join('; ');
  const isDoubted = verdict.thresholds.some(({ expression }) => doubtsOf(expression) !== '');
  const rows = verdict.thresholds.map(({ expression, observedText, kind }) => [
    text(RULE_WORDS[kind], TONES[kind]),
    said(expression),
    said(observedText),
    ...(isDoubted ? [said(doubtsOf(expression))] : []),
  ]);
  const columns = words('result', 'rule', 'observed', ...(isDoubted ? ['why undecided'] : []));
  const hasOpen = verdict.thresholds.some(({ kind }) => kind === 'inconclusive');
  return {
    id: 'rules',
    title: 'Rules',
    blocks: [table('Thresholds and contract', columns, rows, hasOpen ? NOTE : null)],
  };
}
