// What a service tells of its state, and to whom it belongs: to each client one of its own, or one to all clients of a room.

import type { StateFacts } from '../../facts/states.ts';
import { createSharedState, judgeShared, noteSharedRefusal, noteSharedStep, type SharedState } from './shared-state.ts';
import { createStateModel, type Judged, judgeState, noteRefused, noteStep, type StateModel } from './state-model.ts';

/** What an answer tells; null for a part that it does not tell, −1 for a count that is none. */
export interface ReportedState {
  readonly stream: number;
  readonly sequence: number;
  readonly count: number | null;
  readonly digest: string | null;
}

export interface States {
  sent(stream: number, sequence: number, id: string): void;
  /** The service did not take the message. */
  refused(stream: number, sequence: number): void;
  /** Messages of the client were finalized without an answer: whether the service took them is not known. */
  loseTrack(stream: number): void;
  /** What client `listener` was told after a message; `id` of that message. Null where nothing is to be compared. */
  told(listener: number, told: ReportedState, id: string): Judged | null;
  /** How far shared states went. `sentBy`: how many messages of a group's clients were sent. */
  facts(sentBy: (group: number) => number): readonly StateFacts[];
}

export function ownStates(): States {
  const models = new Map<number, StateModel>();
  const modelOf = (stream: number): StateModel => {
    const known = models.get(stream) ?? createStateModel();
    models.set(stream, known);
    return known;
  };
  return {
    sent: (stream, sequence, id) => noteStep(modelOf(stream), sequence, id),
    refused: (stream, sequence) => noteRefused(modelOf(stream), sequence),
    told: (listener, { stream, sequence, count, digest }) =>
      listener === stream ? judgeState(modelOf(stream), sequence, count, digest) : null,
    loseTrack(stream) {
      const model = models.get(stream);
      if (model !== undefined) model.isLost = true;
    },
    facts: () => [],
  };
}

/** `groupOf`: whose clients share a state. */
export function sharedStates(groupOf: (stream: number) => number): States {
  const states = new Map<number, SharedState>();
  const stateOf = (stream: number): SharedState => {
    const group = groupOf(stream);
    const known = states.get(group) ?? createSharedState();
    states.set(group, known);
    return known;
  };
  return {
    sent: (stream, sequence) => noteSharedStep(stateOf(stream), stream, sequence),
    refused: (stream, sequence) => noteSharedRefusal(stateOf(stream), stream, sequence),
    told: (_listener, { stream, sequence, count, digest }, id) =>
      count === null ? null : judgeShared(stateOf(stream), { stream, sequence, id, count, digest }),
    loseTrack: () => {},
    facts: (sentBy) =>
      [...states].map(([group, { answers, lowest, highest, isBroken }]) => ({
        group,
        sent: sentBy(group),
        answers,
        lowest,
        highest,
        isBroken,
      })),
  };
}
