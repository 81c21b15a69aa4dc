// What each fault did and how the service recovered; what became of misbehaving clients.

import type { IncidentResult, RunResult } from '../../facts/result.ts';
import { plural } from '../../units/plural.ts';
import { type Block, type Cell, paragraph, type Section } from '../document.ts';
import { countCell, msCell, numbers, said, secondsCell, table, text, troubleCell, words } from '../tables.ts';
import { faultText } from '../words/fault-texts.ts';
import { formatSeconds, formatShare } from '../words/figures.ts';
import { misbehavingTexts } from '../words/misbehaving-texts.ts';

export function recoverySection(result: RunResult): Section | null {
  const blocks = [...availability(result), ...incidents(result), ...misbehaving(result)];
  return blocks.length === 0 ? null : { id: 'recovery', title: 'Faults and recovery', blocks };
}

function availability({ recovery }: RunResult): readonly Block[] {
  if (recovery === null) return [];
  const { availabilityRatio, drops, meanSecondsBetweenDrops, meanSecondsDown } = recovery;
  const available = formatShare(availabilityRatio);
  const mean = (name: string, seconds: number | null): string =>
    seconds === null ? '' : `; ${name} ${formatSeconds(seconds)}`;
  return [
    paragraph(
      `Clients were connected for ${available} of the planned time; connections dropped ${plural(drops, 'time')}`,
      mean('mean time between drops', meanSecondsBetweenDrops),
      mean('mean time disconnected', meanSecondsDown),
      '.',
    ),
  ];
}

const CLIENT_NUMBERS = numbers(
  'from',
  'to',
  'dropped',
  'reconnected',
  'gave up',
  'first back after',
  'last back after',
  'down p50',
  'down max',
  'most opened per second',
);
const MESSAGE_COLUMNS = [
  ...words('fault'),
  ...numbers(
    'lost',
    'unresolved',
    'duplicated',
    'resent',
    'unsent',
    'response recovered after',
    'throughput recovered after',
  ),
];
const NOTE =
  'A message counts in the second in which its outcome was decided. A message lost on an open connection is given up only in the ' +
  'drain, so it counts with the last fault. Times start when the fault starts. Response time and throughput have recovered once they are ' +
  'back in their range of the seconds before the first fault.';

function incidents({ recovery }: RunResult): readonly Block[] {
  const all = recovery?.incidents ?? [];
  if (all.length === 0) return [];
  const failed = all.filter(({ failedBecause }) => failedBecause !== null);
  return [
    effects(all),
    connections(all),
    table('Faults: messages', MESSAGE_COLUMNS, all.map(messageCells), NOTE),
    ...(failed.length === 0
      ? []
      : [
          table(
            'Faults that failed',
            words('fault', 'why'),
            failed.map(({ name, failedBecause }) => [said(name, 64), said(failedBecause ?? '')]),
          ),
        ]),
  ];
}

/** Most faults have the name of their kind. */
function effects(all: readonly IncidentResult[]): Block {
  const isNamed = all.some(({ name, kind }) => name !== kind);
  return table(
    'Faults: effect',
    words('fault', ...(isNamed ? ['kind'] : []), 'what it did'),
    all.map(({ name, kind, did }) => [
      said(name, 64),
      ...(isNamed ? [said(kind, 40)] : []),
      text(faultText(did) ?? 'unknown'),
    ]),
  );
}

function connections(all: readonly IncidentResult[]): Block {
  const isTogether = all.some(({ together }) => together.length > 0);
  return table(
    'Faults: connections',
    [...words('fault', ...(isTogether ? ['together with'] : [])), ...CLIENT_NUMBERS],
    all.map((incident) => [
      said(incident.name, 64),
      ...(isTogether ? [said([...new Set(incident.together)].join(', '), 120)] : []),
      ...clientCells(incident),
    ]),
  );
}

function clientCells(incident: IncidentResult): readonly Cell[] {
  return [
    secondsCell(incident.fromSecond),
    secondsCell(incident.toSecond),
    countCell(incident.dropped),
    countCell(incident.reconnected),
    troubleCell(incident.gaveUp),
    secondsCell(incident.firstReconnectSeconds),
    secondsCell(incident.lastReconnectSeconds),
    msCell(incident.outage.p50Ms),
    msCell(incident.outage.maxMs),
    countCell(incident.mostOpenedInASecond),
  ];
}

function messageCells(incident: IncidentResult): readonly Cell[] {
  const { messages, isCompared } = incident;
  const back = (seconds: number | null): Cell =>
    isCompared && seconds === null ? { text: 'never', value: null, tone: 'bad' } : secondsCell(seconds);
  return [
    said(incident.name, 64),
    troubleCell(messages.lost),
    countCell(messages.unresolved),
    troubleCell(messages.duplicated),
    countCell(messages.resent),
    countCell(messages.unsent),
    back(incident.responseBackSeconds),
    back(incident.throughputBackSeconds),
  ];
}

function misbehaving({ misbehaving: groups }: RunResult): readonly Block[] {
  if (groups.length === 0) return [];
  const rows = misbehavingTexts(groups).map((line) => [text(line)]);
  const note = 'All other figures exclude these clients.';
  return [table('Clients that misbehave on purpose', words('what happened'), rows, note)];
}
