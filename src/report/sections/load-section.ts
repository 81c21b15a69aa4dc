// What load was offered and what the service handled: messages and clients over time, stage by stage.

import type { RunResult, StageResult } from '../../facts/result.ts';
import { connectionsOverTime, throughputOverTime } from '../charts/over-time.ts';
import { charts, type Section } from '../document.ts';
import {
  byteRateCell,
  countCell,
  msCell,
  numbers,
  rateCell,
  said,
  secondsCell,
  table,
  text,
  troubleCell,
  words,
} from '../tables.ts';

export function loadSection(result: RunResult): Section {
  const { stages, throughput } = result;
  const rates = [
    [text('offered'), rateCell(throughput.offeredPerSecond)],
    [text('sent'), rateCell(throughput.sentPerSecond)],
    [text('delivered'), rateCell(throughput.deliveredPerSecond)],
    [text('bytes sent'), byteRateCell(throughput.bytesSentPerSecond)],
    [text('bytes received'), byteRateCell(throughput.bytesReceivedPerSecond)],
  ];
  const isSending = result.plan.load.messages.kind !== 'none';
  return {
    id: 'load',
    title: 'Load',
    blocks: [
      ...charts(throughputOverTime(result), connectionsOverTime(result)),
      ...(isSending ? [table('Rates while messages were sent', [...words(''), ...numbers('per second')], rates)] : []),
      ...(stages.length < 2 ? [] : [table('Stages', STAGE_COLUMNS, stages.map(stageCells), STAGE_NOTE)]),
    ],
  };
}

const STAGE_COLUMNS = [
  ...words('stage'),
  ...numbers('from', 'to', 'due', 'sent', 'delivered', 'lost', 'response p50', 'p99', 'max'),
];
const STAGE_NOTE = 'A reply counts in the stage in which it arrived.';

function stageCells({ name, fromSecond, toSecond, messages, response }: StageResult) {
  return [
    said(name, 60),
    secondsCell(fromSecond),
    secondsCell(toSecond),
    countCell(messages.due),
    countCell(messages.sent),
    countCell(messages.delivered),
    troubleCell(messages.lost),
    msCell(response.p50Ms),
    msCell(response.p99Ms),
    msCell(response.maxMs),
  ];
}
