// What each fault did and how the service recovered, in lines of text.

import type { IncidentResult, RecoveryResult } from '../../facts/result.ts';
import { plural } from '../../units/plural.ts';
import { printable } from '../../units/printable.ts';
import { formatCount } from '../../units/rate.ts';
import { faultText } from './fault-texts.ts';
import { formatMs, formatSeconds, formatShare } from './figures.ts';

/** A line for the whole, and up to four for each fault. */
export function recoveryTexts({
  incidents,
  drops,
  availabilityRatio,
  meanSecondsDown,
}: RecoveryResult): readonly string[] {
  const whole = [
    `connections available ${formatShare(availabilityRatio)}`,
    ...(meanSecondsDown === null
      ? []
      : [`${plural(drops, 'drop')}, down for ${formatSeconds(meanSecondsDown)} on average`]),
  ];
  return [whole.join('   '), ...incidents.flatMap(incidentTexts)];
}

function incidentTexts(incident: IncidentResult): readonly string[] {
  const { fromSecond, toSecond, dropped, reconnected, gaveUp, outage, messages } = incident;
  const lasted = toSecond === null ? '' : `, for ${formatSeconds(toSecond - fromSecond)}`;
  const others = [...new Set(incident.together)].map((name) => printable(name, 64));
  const together = others.length === 0 ? '' : ` (together with ${others.join(', ')})`;
  const failed = incident.failedBecause === null ? '' : `, which failed: ${printable(incident.failedBecause)}`;
  const drops =
    dropped === 0
      ? ['no connection was dropped']
      : [
          `${plural(dropped, 'connection')} dropped, first after ${formatSeconds(incident.firstDropSeconds)}`,
          ...(reconnected === 0
            ? ['0 reconnected']
            : [
                `${formatCount(reconnected)} reconnected after ${formatSeconds(incident.firstReconnectSeconds)} to ${formatSeconds(incident.lastReconnectSeconds)}`,
                `down p50 ${formatMs(outage.p50Ms)}, max ${formatMs(outage.maxMs)}`,
                `at most ${formatCount(incident.mostOpenedInASecond)} per second`,
              ]),
          ...(gaveUp === 0 ? [] : [`${formatCount(gaveUp)} gave up`]),
        ];
  const cost = (['lost', 'unresolved', 'duplicated', 'resent', 'unsent'] as const).flatMap((name) =>
    messages[name] === 0 ? [] : [`${name} ${formatCount(messages[name])}`],
  );
  const back = (name: string, seconds: number | null): string =>
    seconds === null ? `${name} did not recover` : `${name} recovered after ${formatSeconds(seconds)}`;
  const backs = incident.isCompared
    ? [back('response', incident.responseBackSeconds), back('throughput', incident.throughputBackSeconds)]
    : ['too little time before the fault for a baseline'];
  const did = faultText(incident.did);
  return [
    `${printable(incident.name, 64)} at ${formatSeconds(fromSecond)}${lasted}${failed}${together}`,
    ...(did === null ? [] : [`   ${did}`]),
    `   ${drops.join(', ')}`,
    `   ${(cost.length === 0 ? ['no losses'] : cost).join(', ')}; ${backs.join(', ')}`,
  ];
}
