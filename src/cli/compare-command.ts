// `highwater compare`: whether one group of stored runs is worse than another, and how sure that is.

import { DEFAULT_MARGIN_RATIO } from '../analysis/compare/compare.ts';
import type { Comparison } from '../facts/comparison.ts';
import { EXIT_CODES, HighwaterError } from '../facts/error.ts';
import { createRunDirectories } from '../history/run-directory.ts';
import { comparisonFiles } from '../outputs/report-files.ts';
import { COMPARISON_FORMAT_NAMES } from '../report/files/comparison-formats.ts';
import { renderComparison } from '../report/terminal/comparison-text.ts';
import { compareGroups, differencesBetween, openGroup } from '../run/compare-runs.ts';
import { parseRatio } from '../units/ratio.ts';
import { type OutputFlags, outputsOf, refuseOthers, writeOutputs } from './outputs.ts';
import { refuseDifferences } from './refuse-differences.ts';
import { styleFor } from './terminal.ts';

export interface CompareFlags extends OutputFlags {
  readonly json?: boolean;
  readonly force?: boolean;
  readonly margin?: string;
  readonly runsDir: string;
}

export async function compareCommand(baseline: string, candidate: string, flags: CompareFlags): Promise<number> {
  const outputs = outputsOf(flags, COMPARISON_FORMAT_NAMES);
  const marginRatio = marginOf(flags.margin);
  const archive = createRunDirectories(flags.runsDir);
  const groups = [await openGroup(archive, baseline), await openGroup(archive, candidate)] as const;
  const ids = groups.flatMap(({ runs }) => runs.map(({ result }) => result.run.id));
  refuseOthers(outputs, ids);
  if (flags.force !== true) refuseDifferences(differencesBetween(...groups), 'or use --force to compare anyway');
  const comparison = await compareGroups(...groups, marginRatio);
  process.stdout.write(
    flags.json === true ? `${JSON.stringify(comparison)}\n` : renderComparison(comparison, styleFor(process.stdout)),
  );
  await writeOutputs(outputs, comparisonFiles(comparison), '.', ids);
  return exitCodeOfChange(comparison.change);
}

function marginOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_MARGIN_RATIO;
  const ratio = parseRatio(text);
  if (ratio !== null && ratio > 0 && ratio < 1) return ratio;
  throw new HighwaterError('ARGUMENTS_INVALID', [
    `--margin: expected a percentage above 0% and below 100%, such as 5%, got ${JSON.stringify(text)}`,
  ]);
}

function exitCodeOfChange(change: Comparison['change']): number {
  if (change === 'worse') return EXIT_CODES.fail;
  return change === 'inconclusive' ? EXIT_CODES.inconclusive : EXIT_CODES.pass;
}
