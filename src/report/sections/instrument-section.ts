// What the instrument knows about itself: whether its own figures can be trusted, and on what it ran.

import type { RunResult } from '../../facts/result.ts';
import { formatBytes } from '../../units/bytes.ts';
import { formatPercent } from '../../units/ratio.ts';
import { type Block, list, type Section } from '../document.ts';
import { formatMs } from '../figures.ts';
import { coresText, memoryText } from '../machine-texts.ts';
import { printable } from '../printable.ts';
import { said, table, text, words } from '../tables.ts';

export function instrumentSection(result: RunResult): Section {
  const doubts = result.verdict.doubts.map(({ detail }) => ({ tone: 'open', line: [printable(detail)] }) as const);
  return {
    id: 'instrument',
    title: 'The instrument',
    blocks: [
      ...list('What it doubts about itself', doubts),
      ...(doubts.length > 0 ? [] : list(null, [{ tone: 'good', line: ['Nothing about this run is in doubt.'] }])),
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
      `${run.workerCount}, of which ${facts.missedWorkers} died`,
      'a worker that died takes its figures with it',
    ],
    ['send lag p99', formatMs(sendLag.p99Ms), 'what is sent late is answered late'],
    ['CPU of the busiest worker', ratio(facts.cpuRatioMax), 'a core that is used up sends late'],
    ['event loop delay p99', formatMs(facts.eventLoopDelayMsP99), 'how late anything could be read'],
    ['CPU a message', facts.cpuMicrosPerMessage === null ? 'n/a' : `${facts.cpuMicrosPerMessage.toFixed(1)} us`, ''],
    ['memory', `${bytes(facts.rssBytesMax)}, ${bytes(facts.rssBytesPerConnection)} a connection`, ''],
    [
      'Little’s law, error',
      ratio(facts.littlesLawErrorRatio),
      'in flight = throughput × time: figures that contradict it are wrong',
    ],
  ];
  return table(
    'The generator',
    words('', 'read', 'what it means'),
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
