// Each doubt is switched off once, in a copy of the built command, and the verdict campaign must notice: by a verdict that is false, or by
// a cause that is not named. What it would not notice, it does not test.

import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Trial } from './draw.ts';
import { runTrials } from './trials.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** How many trials of the kind may be needed until one shows it. */
const TRIALS = 3;

interface Mutation {
  readonly doubt: string;
  /** In `dist`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly shows: (trial: Trial) => boolean;
}

const MUTATIONS: readonly Mutation[] = [
  {
    doubt: 'loadAbsent',
    file: 'analysis/judge/load-presence.js',
    from: 'absent.length === 0 ? []',
    to: 'true ? []',
    shows: ({ behavior }) => behavior.close?.share === 1 && behavior.takesBack === undefined,
  },
  {
    doubt: 'standstill',
    file: 'analysis/judge/standstill.js',
    from: 'if (longCount > 0)',
    to: 'if (longCount < 0)',
    shows: ({ disturbance }) => disturbance?.kind === 'stopWorker' && disturbance.phase === 'sending',
  },
  {
    doubt: 'generatorLimits',
    file: 'analysis/judge/health.js',
    from: '...limitDoubts(facts.whole),',
    to: '',
    shows: ({ disturbance }) => disturbance?.kind === 'descriptors',
  },
  {
    doubt: 'throttled',
    file: 'analysis/judge/health.js',
    from: '...throttledDoubts(facts, ofRoom.length > 0),',
    to: '',
    shows: ({ disturbance }) => disturbance?.kind === 'quota',
  },
  {
    doubt: 'unreadable',
    file: 'analysis/judge/health.js',
    from: '...unreadableDoubts(facts),',
    to: '',
    shows: ({ behavior }) => behavior.unreadable !== undefined,
  },
  {
    doubt: 'renumbered',
    file: 'analysis/judge/rule-doubts.js',
    from: 'if (renumbered === 0)',
    to: 'if (renumbered >= 0)',
    shows: ({ behavior }) => behavior.pushes?.anewAfter !== undefined,
  },
  {
    doubt: 'damagedRecord',
    file: 'analysis/judge/health.js',
    from: '...damagedRecordDoubts(facts.record),',
    to: '',
    shows: ({ disturbance }) => disturbance?.kind === 'damage',
  },
  {
    doubt: 'faultWithoutEffect',
    file: 'analysis/judge/health.js',
    from: '...facts.idleFaults.map(idleFaultDoubt),',
    to: '',
    shows: ({ disturbance }) => disturbance?.kind === 'idleFault',
  },
];

describe('the verdict campaign notices when a doubt is off', () => {
  test.each(MUTATIONS)('$doubt', { timeout: 120_000 }, async ({ doubt, file, from, to, shows }) => {
    const copy = mkdtempSync(path.join(os.tmpdir(), 'highwater-verdict-mutation-'));
    onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
    for (const name of ['dist', 'package.json'])
      cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
    const mutated = path.join(copy, 'dist', file);
    const source = readFileSync(mutated, 'utf8');
    expect(source.split(from), 'what is switched off stands there once').toHaveLength(2);
    writeFileSync(mutated, source.replace(from, to));
    const found: string[] = [];
    const skipped: string[] = [];
    const tallies = await runTrials({
      command: path.join(copy, 'dist/cli/bin.js'),
      counts: { calm: 0, breach: 0, generator: TRIALS, service: TRIALS },
      seed: 1,
      atOnce: TRIALS,
      wanted: shows,
    });
    for (const tally of Object.values(tallies)) {
      found.push(...tally.falseVerdicts);
      skipped.push(...tally.skipped);
    }
    if (skipped.length === TRIALS) return console.warn(`not shown on this machine: ${skipped[0]}`);
    // One trial may show it by its verdict, another by the cause that it does not name.
    expect(found.join('\n')).toMatch(new RegExp(`does not name .*\\b${doubt}\\b|passes though|fails for nothing`));
  });
});
