// Whether the figures can be trusted, and on what machine they were measured.

import type { RunResult } from '../../facts/result.ts';
import { formatBytes } from '../../units/bytes.ts';
import { printable } from '../../units/printable.ts';
import { formatPercent } from '../../units/ratio.ts';
import { type Block, list, type Section } from '../document.ts';
import { said, table, text, words } from '../tables.ts';
import { formatMs } from '../words/figures.ts';
import { coresText, memoryText } from '../words/machine-texts.ts';

export function instrumentSection(result: RunResult): Section {
  const doubts = result.verdict.doubts.map(({ detail }) => ({ tone: 'open', line: [printable(detail)] }) as const);
  return {
    id: 'instrument',
    title: 'Can this be trusted?',
    blocks: [
      ...list('Reasons to distrust this measurement', doubts),
      ...(doubts.length > 0
        ? []
        : list(null, [{ tone: 'good', line: ['There is no reason to distrust this measurement.'] }])),
      generator(result),
      environment(result),
    ],
  };
}

function generator({ generator: facts, sendLag, run }: RunResult): Block {
  const ratio = (value: number | null): string =>
    value === null ? 'n/a' : formatPercent(Math.round(value * 100) / 100);
  const bytes = (value: number | null): string => (value === null ? 'n/a' : formatBytes(Math.round(value)));
  const rows: readonly (readonly [string, string, string])[] = [
    ['state', facts.healthy ? 'healthy' : 'in doubt', ''],
    [
      'workers',
      facts.missedWorkers === 0 ? `${run.workerCount}` : `${run.workerCount}, ${facts.missedWorkers} died`,
      'no figure includes the clients of a worker after it died',
    ],
    ['send lag p99', formatMs(sendLag.p99Ms), 'a message sent late is also answered late'],
    ['CPU of the busiest worker', ratio(facts.cpuRatioMax), 'a worker without free CPU sends late'],
    ['event loop delay p99', formatMs(facts.eventLoopDelayMsP99), 'how late replies may have been read'],
    ['CPU per message', facts.cpuMicrosPerMessage === null ? 'n/a' : `${facts.cpuMicrosPerMessage.toFixed(1)} us`, ''],
    ['memory', `${bytes(facts.rssBytesMax)}, ${bytes(facts.rssBytesPerConnection)} per connection`, ''],
    [
      'Little’s law, error',
      ratio(facts.littlesLawErrorRatio),
      'messages in flight must equal throughput × time; a large error means wrong figures',
    ],
  ];
  return table(
    'The generator',
    words('', 'value', 'what it means'),
    rows.map((row) => row.map((cell) => text(cell))),
  );
}

function environment({ run, plan }: RunResult): Block {
  const { machine } = run;
  const rows: readonly (readonly [string, string])[] = [
    ['run', run.id],
    ['started', run.startedAt],
    ['target', plan.target.urls.join(', ')],
    ['profile', plan.profile ?? 'none'],
    ['Highwater', run.highwaterVersion],
    ['Node.js', run.nodeVersion],
    ...(run.git === null ? [] : ([['commit', commitText(run.git)]] as const)),
    ['machine', `${machine.hostname}, ${machine.platform}`],
    ['processor', `${machine.cpuModel}, ${coresText(machine)}`],
    ['memory', memoryText(machine)],
  ];
  return table(
    'Environment',
    words('', 'value'),
    rows.map(([name, value]) => [text(name), said(value)]),
  );
}

function commitText({ commit, branch, isDirty }: NonNullable<RunResult['run']['git']>): string {
  return `${commit}${branch === null ? '' : ` on ${branch}`}${isDirty ? ', with changes' : ''}`;
}
