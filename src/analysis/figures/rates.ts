// Over which time a rate is a rate. One message in the first milliseconds of a run that ended there is no "364/s".

import { NS_PER_SECOND, nsToSeconds } from '../../units/duration.ts';

/** Over less time than this there is no rate. */
const LEAST_NS = NS_PER_SECOND;

/** The seconds to divide by; null where they are too few. */
export function rateSeconds(ns: number): number | null {
  return ns < LEAST_NS ? null : nsToSeconds(ns);
}
