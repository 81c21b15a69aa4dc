// What became of clients that behave badly on purpose, a line for each kind.

import type { MisbehavingResult, ReaderPolicy } from '../../facts/result.ts';
import { plural } from '../../units/plural.ts';
import { printable } from '../../units/printable.ts';
import { formatCount } from '../../units/rate.ts';

const POLICIES: Readonly<Record<ReaderPolicy['kind'], string>> = {
  disconnects: 'the service disconnects them',
  drops: 'the service drops messages to them',
  stopsReading: 'the service stops reading from them',
  buffers: 'the service buffers the messages that they do not read',
  unknown: 'it is unknown how the service treats them',
};

export function misbehavingTexts(results: readonly MisbehavingResult[]): readonly string[] {
  return results.map((result) =>
    [`${result.kind}, ${plural(result.clients, 'client')}`, ...partsOf(result)].join('   '),
  );
}

function partsOf({ clients, connections, policy }: MisbehavingResult): readonly string[] {
  const { opened, failed, droppedByServer, endedByClient, closeCodes } = connections;
  const codes = Object.entries(closeCodes).map(([code, count]) => `${code} x ${formatCount(count)}`);
  return [
    ...(opened === clients ? [] : [`opened ${formatCount(opened)}`]),
    ...(failed === 0 ? [] : [`failed ${formatCount(failed)}`]),
    `dropped by the server ${formatCount(droppedByServer)}${codes.length === 0 ? '' : ` (${codes.join(', ')})`}`,
    ...(endedByClient === 0 ? [] : [`left ${plural(endedByClient, 'time')}`]),
    ...(policy === null ? [] : [policyText(policy)]),
  ];
}

function policyText({ kind, slowsOthers, evidence }: ReaderPolicy): string {
  const others =
    slowsOthers === null
      ? ''
      : slowsOthers
        ? '; the other clients get slower responses since then'
        : '; the other clients are not slower';
  return `${POLICIES[kind]}: ${printable(evidence)}${others}`;
}
