// One word for one idea, and the field's word for it. Words that were replaced must not come back, and a type has a name of its own.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
/** Where the words may stand: the history, the decision that replaced them, and this list. */
const EXEMPT = ['CHANGELOG.md', 'docs/adr/0032-use-the-terms-of-the-field.md', 'test/architecture/words.test.ts'];
const TEXT = /\.(ts|js|json|md|ya?ml|py|csv|html|xml|sh)$/;

/**
 * Identifiers, keys, flags and phrases that were replaced; no word of plain English stands alone here. The pattern is the old
 * one, the text beside it says what stands in its place.
 */
const REPLACED: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/\b[Ll]anes?\b|[a-z]Lanes?\b|\bLANES?\b|\blanes?[A-Z]/, 'client, or connection where open ones are counted'],
  [/\b[Dd]ialects?\b|DIALECT|[a-z]Dialect|\bdialect[A-Z]/, 'protocol'],
  [
    /\bSpeech\b|\bcreateSpeech\b|-speech\b|\bDialectConversation\b|\bcreateConversation\b/,
    'ProtocolDriver, ProtocolSession',
  ],
  [/--hello\b|\bhello: \[|protocol\.hello\b|\bgreetInJson\b|\blayOutHello\b/, 'join'],
  [/\bfates?\b|\bFates?\b/, 'outcome'],
  [/run\.outcome\b/, 'run.end'],
  [/unsent\.late\b|\bunsentLate\b|#unsentlate\b/, 'overdue'],
  [/\bbelated\b/, 'late'],
  [/\bsuppressed\b/, 'deduplicated'],
  [/\bowed\b/, 'expected'],
  [/\breachRatio\b|\bREACH_COUNTS\b/, 'receivedRatio'],
  [/pushes: '?expected\b/, 'pushes: ignore'],
  [/messages\.disagreed\b|'disagreed'|\bDisagreement\b|\bcreateAgreement\b/, 'total-order violation'],
  [/\bcreateHeard\b|\bnoteHeard\b|\bheardBy\b|\bAudience(Facts)?\b|\bjoinAudience\b/, 'receiver tracking'],
  [/\bborrowDesk\b|\bLanePlaces\b/, 'reorder state, displacement'],
  [/\bStrangerKind\b|\bSTRANGER_KINDS\b|delivery\.strangers\b|\bisStranger\b/, 'unexpected'],
  [/\bcome-and-go\b|\bcomeAndGo\b/, 'churn'],
  [
    /\b[Ff]aults? (on the way|of packets)\b|\bWayFaults?\b|\bwayFaults?\b|\bKernelFaults?\b/,
    'network fault, packet fault',
  ],
  [/\b[Uu]ndo-notes\b|\bUndoNotes\b/, 'cleanup journal'],
  [/\bProbeReading\b|PROBE_UNREADABLE|\bprobes\.ndjson\b|\bprobes: \[|\blocalProbes\b/, 'monitor'],
  [/resend\.probe\b|\bwithProbes\b/, 'idempotency check'],
  [/\bcreateTraffic\b|\bTrafficParts\b|\bcreateOpenWork\b|\bWorkParts\b/, 'accounting, load model'],
  [
    /\bopenLine\b|\bLineHandler\b|\bLinkHandler\b|\bLinkError\b|\bcreateSites\b/,
    'simple client, socket, connect target',
  ],
  [/\bCrewHandler\b|\bCrew\b|\bmuster\b|\bconductRun\b|\bSurroundings\b/, 'worker pool, coordinator, host environment'],
  [/\bacquaint(ance)?\b|\bcreateNotebook\b|\b[Ii]nterviewer\b/, 'discovery, observations, prompts'],
  [/\bload\.feed\b|\$\{feed\.|\bFeedOrder\b/, 'feeder'],
  [/\/agents\/|\bagentService\b/, 'assistant'],
  [
    /\bbefalls?\b|\bstandingOf\b|\btakeSuspect\b|\bParting\b|\btakeLeaps\b|\bseatOf\b|\blast-words\b/,
    'the common word',
  ],
  [
    /\bpayloadLetters\b|\bcreateLetters\b|\bRUN_MARK\b|\bnewMark\b|\bsettleLane\b|\bsettlePair\b/,
    'characters, nonce, finalize',
  ],
  [/[Bb]ehaviour|BEHAVIOUR|\b[Rr]ecognis|\b[Cc]olour|\b[Nn]eighbour|\b[Cc]atalogue\b/, 'US spelling'],
];

function trackedTexts(): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  return listed
    .toString()
    .split('\n')
    .filter((file) => TEXT.test(file) && !EXEMPT.includes(file) && existsSync(path.join(ROOT, file)));
}

/** `file:line: the text` for each place, and each file's own name. */
function places(file: string, text: string): readonly string[] {
  // Hardly any of them is anywhere: a look at the whole is much quicker than one at each line.
  const suspects = REPLACED.filter(([pattern]) => pattern.test(`${file}\n${text}`));
  if (suspects.length === 0) return [];
  return [file, ...text.split('\n')].flatMap((line, index) =>
    suspects.flatMap(([pattern, instead]) => {
      const found = pattern.exec(line)?.[0];
      return found === undefined ? [] : [`${file}:${index}: ${found} (instead: ${instead})`];
    }),
  );
}

describe('words that were replaced', () => {
  test('are found nowhere but in the history and the decision', () => {
    const files = trackedTexts();
    expect(files.length).toBeGreaterThan(500);
    expect(files.flatMap((file) => places(file, readFileSync(path.join(ROOT, file), 'utf8')))).toEqual([]);
  });

  test.each([
    ['const lanesOpen = 1;', 'lanes'],
    ['dialect: echo', 'dialect'],
    ['result.messages.belated', 'belated'],
    ['the plan’s faults on the way', 'faults on the way'],
  ])('a planted one is named: %s', (line, word) => {
    expect(places('planted.ts', line)).toEqual([expect.stringContaining(`planted.ts:1: ${word}`)]);
  });
});

describe('exported types', () => {
  const EXPORTED = /^export (?:declare )?(?:interface|type|class) (\w+)/gm;

  test('have names that are unique in src/', () => {
    const names = new Map<string, string[]>();
    for (const file of trackedTexts().filter((name) => name.startsWith('src/') && name.endsWith('.ts'))) {
      for (const [, name] of readFileSync(path.join(ROOT, file), 'utf8').matchAll(EXPORTED))
        names.set(name!, [...(names.get(name!) ?? []), file]);
    }
    expect(names.size).toBeGreaterThan(300);
    expect([...names].filter(([, files]) => files.length > 1)).toEqual([]);
  });
});
