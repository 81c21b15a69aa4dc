// A result in the time of its plan. The clock of a run starts when the first client connects; the times that a plan names count from
// when the first message was due. Reports show the plan's: a fault at 10 s is at 10 s, and clients connect before 0 s.

import type { RunResult } from '../facts/result.ts';

/** Seconds of the run's clock become the plan's; how long something lasted stays as it is. */
export function inPlanTime(result: RunResult): RunResult {
  const originSeconds = result.run.messagesStartedSeconds ?? 0;
  if (originSeconds === 0) return result;
  const at = (second: number): number => second - originSeconds;
  const moved = <T extends { readonly atSecond: number }>(each: T): T => ({ ...each, atSecond: at(each.atSecond) });
  const { recovery, delivery } = result;
  return {
    ...result,
    timeline: result.timeline.map((point) => ({ ...point, second: at(point.second) })),
    stages: result.stages.map((stage) => ({
      ...stage,
      fromSecond: at(stage.fromSecond),
      toSecond: at(stage.toSecond),
    })),
    recovery:
      recovery === null
        ? null
        : {
            ...recovery,
            incidents: recovery.incidents.map((incident) => ({
              ...incident,
              fromSecond: at(incident.fromSecond),
              toSecond: incident.toSecond === null ? null : at(incident.toSecond),
            })),
          },
    violations: result.violations.map((violation) => movedViolation(moved(violation), at)),
    rejections: result.rejections.map(moved),
    findings: result.findings.map((found) => ({
      ...found,
      fromSecond: at(found.fromSecond),
      toSecond: at(found.toSecond),
    })),
    delivery: {
      ...delivery,
      unreadable: Object.fromEntries(
        Object.entries(delivery.unreadable).map(([kind, found]) => [
          kind,
          found.first === null ? found : { ...found, first: moved(found.first) },
        ]),
      ),
    },
  };
}

type FoundViolation = RunResult['violations'][number];

/** A lost message also says when it was due and sent. */
function movedViolation(found: FoundViolation, at: (second: number) => number): FoundViolation {
  if (found.violation !== 'lost') return found;
  const orNull = (second: number | null): number | null => (second === null ? null : at(second));
  const { dueSecond, sentFromSecond, sentToSecond } = found;
  return {
    ...found,
    dueSecond: orNull(dueSecond),
    // Noted once a second: nothing is sent before the first message is due.
    sentFromSecond: sentFromSecond === null ? null : Math.max(0, at(sentFromSecond)),
    sentToSecond: orNull(sentToSecond),
  };
}
