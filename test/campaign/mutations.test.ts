// Every detector is switched off once, in a copy of the sources, and the campaigns must notice. What they would not notice,
// they do not test.

import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CAMPAIGNS = 24;
const copies: string[] = [];
const free: string[] = [];

afterAll(() => {
  for (const directory of copies) rmSync(directory, { recursive: true, force: true });
});

interface Mutation {
  readonly detector: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** What the campaigns say then. */
  readonly noticed: RegExp;
  /** Where it takes a rare moment to show: more of them, of which the rest is left out once it has. */
  readonly campaigns?: number;
}

const MUTATIONS: readonly Mutation[] = [
  {
    detector: 'duplicates are counted',
    file: 'engine/hot/accounting.ts',
    from: 'messages.duplicated++;',
    to: '',
    noticed: /duplicated: found 0, done \d/,
  },
  {
    detector: 'an arrival behind a later one is reordered',
    file: 'measure/ledger.ts',
    from: 'return Arrival.reordered;',
    to: 'return Arrival.inOrder;',
    noticed: /reordered: found 0, done \d/,
  },
  {
    detector: 'the extent counts from the first later arrival',
    file: 'measure/ledger.ts',
    from: 'placeOf(ledger, client) - place',
    to: '1',
    noticed: /longest extent: found 1, done \d/,
  },
  {
    detector: 'what had not come back when its client closed is lost',
    file: 'engine/connections/connection-lifecycle.ts',
    from: '? outstanding - missingBetween(ledger, index, 0, unreadable)',
    to: '? countAbove(taken?.keys() ?? [], unreadable)',
    noticed: /lost: found 0, done \d/,
  },
  {
    detector: 'what was in flight when its connection died is unresolved',
    file: 'engine/connections/connection-lifecycle.ts',
    from: ': countAbove(taken?.keys() ?? [], unreadable);',
    to: ': outstanding;',
    noticed: /lost: found \d+, done \d/,
  },
  {
    detector: 'the checksum is compared',
    file: 'protocols/echo/echo.ts',
    from: 'const isIntact = view.getInt32(start + 40, true) === viewCrc32(view, start + 16, 6, crcFrom);',
    to: 'const isIntact = crcFrom !== 0.5;',
    noticed: /corrupted: found \d+, done \d/,
  },
  {
    detector: 'the content is compared',
    file: 'protocols/echo/filler.ts',
    from: 'if (view.getInt32(start + offset, true) !== pool[index]) return false;',
    to: '',
    noticed: /corrupted: found \d+, done \d/,
  },
  {
    detector: 'the kind of damage is told',
    file: 'protocols/echo/damage.ts',
    from: "if (isSpliced(codec, payload, client, head, alike, factor)) return 'spliced';",
    to: '',
    noticed: /damage spliced: found 0, done \d/,
  },
  {
    detector: 'a hole in what a client received of another is missed',
    file: 'measure/receiver-tracking.ts',
    from: 'const holes = hasHoles(ledger, pair) ? joined(missingNumbers(ledger, pair)) : [];',
    to: 'const holes: Hole[] = [];',
    noticed: /missed: \d+ #\d+ was done and not found/,
  },
  {
    detector: 'what was sent after the last that a client received is missed',
    file: 'analysis/figures/fanout.ts',
    from: 'stayed === those && sent > to ? [[to, sent, receivers]] : [],',
    to: '[],',
    noticed: /missed in rooms: found \d+, done \d/,
  },
  {
    detector: 'each client has an account of its own with every sender',
    file: 'measure/room-tracking.ts',
    from: 'const pair = receiver * rooms.publishers + publisherOf(rooms, stream);',
    to: 'const pair = publisherOf(rooms, stream);',
    noticed: /received in rooms: found \d+, done \d/,
  },
  {
    detector: 'what was acknowledged and never came is lost',
    file: 'engine/connections/connection-lifecycle.ts',
    from: 'recorder.delivery.acknowledgements.lost += countAbove(taken?.keys() ?? [], unreadable);',
    to: '',
    noticed: /acknowledged and lost: found 0, done \d/,
  },
  {
    detector: 'a copy that the service knows is deduplicated',
    file: 'engine/hot/accounting.ts',
    from: 'if (isCopy) recorder.messages.deduplicated++;',
    to: '',
    noticed: /deduplicated: found 0, done \d/,
  },
  {
    detector: 'a state that is not the model’s diverges',
    file: 'engine/hot/accounting.ts',
    from: 'accounting.recorder.messages.diverged++;',
    to: '',
    noticed: /diverged: found 0, done \d/,
  },
  {
    detector: 'each type has its own losses',
    file: 'engine/connections/connection-lifecycle.ts',
    from: "countByType(byType, isLost ? 'lost' : 'unresolved', stream, sequence);",
    to: '',
    noticed: /lost by type: found 0, done \d/,
  },
  {
    detector: 'an answer that refuses rejects its message',
    file: 'engine/hot/accounting.ts',
    from: 'accounting.rejected++;',
    to: '',
    noticed: /rejected: found 0, done \d/,
  },
  {
    detector: 'a push that comes again is duplicated',
    file: 'engine/hot/pushed.ts',
    from: 'recorder.messages.duplicated++;',
    to: '',
    noticed: /pushes duplicated: found 0, done \d/,
  },
  {
    detector: 'a push behind a later one is reordered',
    file: 'engine/hot/pushed.ts',
    from: 'countReordered(recorder, extent);',
    to: '',
    noticed: /pushes reordered: found 0, done \d/,
  },
  {
    detector: 'what a client never received of a service is missed',
    file: 'measure/pushes.ts',
    from: 'counts.missed += account.missing.count;',
    to: '',
    noticed: /pushes missed(?: or unresolved)?: found \d+, done \d/,
    campaigns: 120,
  },
  {
    detector: 'what another client received is missed by one to which nothing is said any more',
    file: 'measure/pushes.ts',
    from: '(isShared(place) ? highest.get(place)! : expected[pair]!)',
    to: 'expected[pair]!',
    noticed: /pushes missed(?: or unresolved)?: found \d+, done \d/,
    campaigns: 120,
  },
  {
    detector: 'what nobody sent is unexpected',
    file: 'measure/recorder.ts',
    from: 'recorder.messages.unexpected++;',
    to: '',
    noticed: /unexpected(?: or unreadable)?(?: beside pushes)?: found \d+, done \d/,
    campaigns: 120,
  },
];

describe('the campaigns notice when a detector is off', () => {
  test('and are content while none is', { timeout: 120_000 }, async () => {
    expect(await campaignsIn(ROOT)).toContain('found equals done in every one');
  });

  test.concurrent.each(MUTATIONS)('$detector', { timeout: 180_000 }, async ({ file, from, to, noticed, campaigns }) => {
    const copy = free.pop() ?? newCopy();
    const mutated = path.join(copy, 'src', file);
    const source = readFileSync(mutated, 'utf8');
    expect(source.split(from), 'the line to switch off stands there once').toHaveLength(2);
    writeFileSync(mutated, source.replace(from, to));
    try {
      expect(await campaignsIn(copy, noticed, campaigns)).toMatch(noticed);
    } finally {
      writeFileSync(mutated, source);
      free.push(copy);
    }
  });
});

/** One for each test that runs at a time: what is compiled in it once serves all that come after. */
function newCopy(): string {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'highwater-mutation-'));
  copies.push(copy);
  for (const folder of ['src', 'test/campaign'])
    cpSync(path.join(ROOT, folder), path.join(copy, folder), { recursive: true });
  cpSync(path.join(ROOT, 'package.json'), path.join(copy, 'package.json'));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

/** What they print: all of it, or up to what is looked for. */
function campaignsIn(directory: string, wanted: RegExp | null = null, campaigns = CAMPAIGNS): Promise<string> {
  const args = ['--import', 'jiti/register', 'test/campaign/main.ts', '--runs', String(campaigns), '--seed', '1'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: directory,
      env: { ...process.env, JITI_FS_CACHE: directory === ROOT ? 'false' : path.join(directory, 'compiled') },
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (wanted?.test(output) === true) child.kill('SIGKILL');
    });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    child.once('error', reject);
    child.once('close', () => resolve(output === '' ? errors : output));
  });
}
