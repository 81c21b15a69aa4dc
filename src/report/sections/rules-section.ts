// Every rule of the plan and every clause of its contract, with what was observed.

import type { RunResult } from '../../facts/result.ts';
import { type Section, TONES } from '../document.ts';
import { said, table, text, words } from '../tables.ts';

const WORDS = { pass: 'kept', fail: 'broken', inconclusive: 'open' } as const;

const NOTE =
  'Open is a rule that cannot be judged: there was too little to judge it by, or the instrument is in doubt.';

export function rulesSection({ verdict }: RunResult): Section | null {
  if (verdict.thresholds.length === 0) return null;
  const doubtsOf = (rule: string): string =>
    verdict.doubts
      .filter((doubt) => doubt.rule === rule)
      .map(({ detail }) => detail)
      .join('; ');
  const isDoubted = verdict.thresholds.some(({ expression }) => doubtsOf(expression) !== '');
  const rows = verdict.thresholds.map(({ expression, observedText, kind }) => [
    text(WORDS[kind], TONES[kind]),
    said(expression),
    said(observedText),
    ...(isDoubted ? [said(doubtsOf(expression))] : []),
  ]);
  const columns = words('', 'rule', 'observed', ...(isDoubted ? ['in doubt because'] : []));
  const hasOpen = verdict.thresholds.some(({ kind }) => kind === 'inconclusive');
  return {
    id: 'rules',
    title: 'Rules',
    blocks: [table('Thresholds and contract', columns, rows, hasOpen ? NOTE : null)],
  };
}
