// The few questions whose answers make the load of a first plan. Each has a default, each that a flag has answered is left
// out, and each answer is checked by the plan's own rules, so that the plan that is written is one.

import { type FirstPlan, hasMessages } from '../../analysis/discover/first-plan.ts';
import type { Recognition } from '../../analysis/discover/recognize.ts';
import { HighwaterError } from '../../facts/error.ts';
import { parsePlan } from '../../plan/parse.ts';
import { formatProblem } from '../../plan/problems.ts';
import { nsToSeconds, parseDuration } from '../../units/duration.ts';
import { parseRate } from '../../units/rate.ts';
import type { Prompter } from '../ports.ts';

/** What flags have said; undefined where they have not. */
export interface GivenAnswers {
  readonly name: string | undefined;
  readonly connections: string | undefined;
  readonly rate: string | undefined;
  readonly duration: string | undefined;
  readonly bytes: string | undefined;
  readonly rules: readonly string[];
}

type Answers = Pick<FirstPlan, 'name' | 'connections' | 'rate' | 'duration' | 'bytes' | 'rules'>;

const DEFAULTS = { connections: '100', rate: '100/s', duration: '30s' } as const;
/** Around one answer, a plan that is right. */
const LOAD = { connections: 1, messages: { open: { rate: '1/s', for: '1s' } } } as const;
const MAX_ATTEMPTS = 10;
const NO_RULE = 'none';
/** A percentile needs so many samples (docs/explanation/limits.md): one that the run could not judge is not proposed. */
const SAMPLES_FOR_P99 = 299;
const SAMPLES_FOR_P90 = 29;

export async function askForLoad(
  given: GivenAnswers,
  recognition: Recognition,
  prompter: Prompter | null,
  defaultName: string,
): Promise<Answers> {
  const answerFor = async (
    flag: string | undefined,
    question: string,
    fallback: string,
    problemOf: (answer: string) => string | null,
  ): Promise<string> => {
    if (flag !== undefined) return flag;
    if (prompter === null) return fallback;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const answer = withUnit(await prompter.ask(question, fallback), fallback);
      const problem = problemOf(answer);
      if (problem === null) return answer;
      prompter.object(problem);
    }
    throw new HighwaterError('ARGUMENTS_INVALID', [
      `${question}: expected a valid answer, got ${MAX_ATTEMPTS} invalid ones`,
    ]);
  };

  const sends = hasMessages(recognition);
  const name = await answerFor(given.name, 'Name of the plan', defaultName, (answer) => planProblem({ name: answer }));
  const connections = await answerFor(
    given.connections,
    'Number of connections',
    DEFAULTS.connections,
    connectionsProblem,
  );
  const rate = sends
    ? await answerFor(given.rate, 'Messages per second (all connections together)', DEFAULTS.rate, (answer) =>
        loadProblem(answer, '1s'),
      )
    : DEFAULTS.rate;
  const duration = await answerFor(given.duration, 'Duration', DEFAULTS.duration, (answer) =>
    loadProblem('1/s', answer),
  );
  const rule = sends && given.rules.length === 0 ? await askRule(answerFor, rate, duration) : [];
  return {
    name,
    connections: Number(connections),
    rate,
    duration,
    bytes: given.bytes ?? null,
    rules: [...given.rules, ...rule, ...seenRules(recognition)],
  };
}

/** The question says that it is by the second. */
function withUnit(answer: string, fallback: string): string {
  return /^\d+(\.\d+)?$/.test(answer) && fallback.endsWith('/s') ? `${answer}/s` : answer;
}

async function askRule(
  answerFor: (
    flag: undefined,
    question: string,
    fallback: string,
    problemOf: (answer: string) => string | null,
  ) => Promise<string>,
  rate: string,
  duration: string,
): Promise<readonly string[]> {
  const samples = (parseRate(rate) ?? 0) * nsToSeconds(parseDuration(duration) ?? 0);
  const percentile = samples >= SAMPLES_FOR_P99 ? 'p99' : samples >= SAMPLES_FOR_P90 ? 'p90' : 'p50';
  const answer = await answerFor(
    undefined,
    `Rule for response times, or ${NO_RULE}`,
    `response.${percentile} < 500ms`,
    (text) => (text === NO_RULE ? null : planProblem({ thresholds: [text] })),
  );
  return answer === NO_RULE ? [] : [answer];
}

/** What holds of a service that is well, whatever it is. */
function seenRules(recognition: Recognition): readonly string[] {
  switch (recognition.kind) {
    case 'push':
      return ['pushes.missed == 0', 'connections.failed == 0', 'connections.dropped == 0'];
    case 'unknown':
      return ['connections.failed == 0', 'connections.dropped == 0'];
    default:
      return ['connections.failed == 0'];
  }
}

function connectionsProblem(answer: string): string | null {
  if (!/^\d{1,12}$/.test(answer)) return `expected a whole number, got ${JSON.stringify(answer)}`;
  return planProblem({ load: { ...LOAD, connections: Number(answer) } });
}

function loadProblem(rate: string, duration: string): string | null {
  return planProblem({ load: { ...LOAD, messages: { open: { rate, for: duration } } } });
}

function planProblem(part: object): string | null {
  const plan = { target: { url: 'ws://127.0.0.1' }, load: LOAD, ...part };
  const parsed = parsePlan(plan, { env: {}, profile: undefined, fallbackProfile: null });
  return parsed.ok ? null : formatProblem(parsed.problems[0]);
}
