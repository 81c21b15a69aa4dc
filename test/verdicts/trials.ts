// Many trials, a few at a time, and what became of them.

import { drawTrial, TRIAL_KINDS, type Trial, type TrialKind } from './draw.ts';
import { judgeVerdict } from './judge.ts';
import { type FinishedTrial, runTrial } from './run-trial.ts';
import { startVerdictService } from './service.ts';

export interface TrialOptions {
  readonly command: string;
  readonly counts: Readonly<Record<TrialKind, number>>;
  readonly seed: number;
  readonly atOnce: number;
  /** Only such trials are run; others that are drawn do not count. */
  readonly wanted?: (trial: Trial) => boolean;
  done?(finished: FinishedTrial, problem: string | null): void;
}

export interface Tally {
  readonly runs: number;
  readonly pass: number;
  readonly fail: number;
  readonly inconclusive: number;
  readonly error: number;
  /** Verdicts that are not true, each with its trial. */
  readonly falseVerdicts: readonly string[];
  readonly skipped: readonly string[];
}

export async function runTrials(options: TrialOptions): Promise<Readonly<Record<TrialKind, Tally>>> {
  const tallies = Object.fromEntries(TRIAL_KINDS.map((kind) => [kind, emptyTally()])) as Record<
    TrialKind,
    ReturnType<typeof emptyTally>
  >;
  const queue = TRIAL_KINDS.flatMap((kind) => drawMany(kind, options));
  const service = await startVerdictService();
  try {
    await Promise.all(
      Array.from({ length: options.atOnce }, async () => {
        for (let trial = queue.shift(); trial !== undefined; trial = queue.shift()) {
          const finished = await runTrial(trial, service, options.command);
          const tally = tallies[trial.kind];
          const name = `${trial.kind} ${trial.seed}${trial.disturbance === null ? '' : ` ${JSON.stringify(trial.disturbance)}`} ${JSON.stringify(trial.behavior)}`;
          if (finished.skipped !== null) {
            tally.skipped.push(`${name}: ${finished.skipped}`);
            options.done?.(finished, null);
            continue;
          }
          const judged = judgeVerdict(finished);
          tally.runs++;
          tally[judged.verdict]++;
          if (judged.false !== null) tally.falseVerdicts.push(`${name}: ${judged.false}`);
          options.done?.(finished, judged.false);
        }
      }),
    );
  } finally {
    await service.close();
  }
  return tallies;
}

/** How many trials of a kind are looked at for those that are wanted. */
const MOST_DRAWN = 10_000;

function drawMany(kind: TrialKind, { counts, seed, wanted }: TrialOptions): Trial[] {
  const trials: Trial[] = [];
  for (let each = seed; trials.length < counts[kind] && each < seed + MOST_DRAWN; each++) {
    const trial = drawTrial(kind, each);
    if (wanted === undefined || wanted(trial)) trials.push(trial);
  }
  return trials;
}

function emptyTally() {
  return {
    runs: 0,
    pass: 0,
    fail: 0,
    inconclusive: 0,
    error: 0,
    falseVerdicts: [] as string[],
    skipped: [] as string[],
  };
}
