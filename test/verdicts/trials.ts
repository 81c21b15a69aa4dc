// Many trials, a few at a time, and what became of them.

import { drawTrial, TRIAL_KINDS, type Trial, type TrialKind } from './draw.ts';
import { type Fought, fightTrial } from './fight.ts';
import { judgeVerdict } from './judge.ts';
import { startVerdictService } from './service.ts';

export interface TrialOptions {
  readonly command: string;
  readonly counts: Readonly<Record<TrialKind, number>>;
  readonly seed: number;
  readonly atOnce: number;
  /** Only such trials are fought; others that are drawn do not count. */
  readonly wanted?: (trial: Trial) => boolean;
  done?(fought: Fought, problem: string | null): void;
}

export interface Tally {
  readonly fought: number;
  readonly pass: number;
  readonly fail: number;
  readonly inconclusive: number;
  readonly error: number;
  /** Verdicts that are not true, each with its trial. */
  readonly falseVerdicts: readonly string[];
  readonly skipped: readonly string[];
}

export async function fightTrials(options: TrialOptions): Promise<Readonly<Record<TrialKind, Tally>>> {
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
          const fought = await fightTrial(trial, service, options.command);
          const tally = tallies[trial.kind];
          const name = `${trial.kind} ${trial.seed}${trial.disturbance === null ? '' : ` ${JSON.stringify(trial.disturbance)}`} ${JSON.stringify(trial.behavior)}`;
          if (fought.skipped !== null) {
            tally.skipped.push(`${name}: ${fought.skipped}`);
            options.done?.(fought, null);
            continue;
          }
          const judged = judgeVerdict(fought);
          tally.fought++;
          tally[judged.verdict]++;
          if (judged.false !== null) tally.falseVerdicts.push(`${name}: ${judged.false}`);
          options.done?.(fought, judged.false);
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
    fought: 0,
    pass: 0,
    fail: 0,
    inconclusive: 0,
    error: 0,
    falseVerdicts: [] as string[],
    skipped: [] as string[],
  };
}
