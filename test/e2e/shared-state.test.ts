// The built command against assistants of the reference target that several clients talk to: they change one state, and whatever
// the order, nothing is lost of it and nothing applied twice.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../src/facts/result.ts';
import { violationText } from '../../src/report/words/violation-text.ts';
import { runHighwater, startHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';

const PROTOCOL = {
  kind: 'json',
  send: { id: `\${id}`, text: `\${payload}` },
  ack: 'ack',
  id: 'id',
  payload: 'text',
  state: { count: 'state.count', digest: 'state.digest', shared: true },
};

/** Two assistants, with four clients each. */
async function runOnAssistants(
  behavior: string,
  workers: string,
): Promise<{ result: RunResult; acts: readonly string[] }> {
  const cwd = temporaryDirectory();
  writeInto(cwd, 'behavior.yaml', behavior);
  const target = startHighwater(['target', '--behavior', 'behavior.yaml', '--truth', 'truth.ndjson'], { cwd });
  const [, url = ''] = await target.prints('stdout', /^listening (\S+)$/m);
  const plan = {
    target: { url: `${url}/assistants/\${room}?client=\${client}` },
    protocol: PROTOCOL,
    load: {
      connections: 8,
      messages: { open: { rate: '300/s', for: '2s' } },
      bytes: 150,
      rooms: { count: 2, settle: '300ms' },
    },
    thresholds: ['diverged == 0'],
    drain: '1s',
  };
  const args = ['run', writeInto(cwd, 'plan.json', JSON.stringify(plan)), '--json', '-w', workers];
  const { result } = await runHighwater(args, { cwd });
  target.signal('SIGTERM');
  await target.finished;
  const lines = readFileSync(path.join(cwd, 'truth.ndjson'), 'utf8').trim().split('\n');
  return { result, acts: lines.map((line) => (JSON.parse(line) as { act: string }).act) };
}

describe.each([['1'], ['2']])('assistants that four clients share, seen by %s workers', (workers) => {
  test('that take every message once have nothing that diverges', async () => {
    const { result } = await runOnAssistants('faults: []', workers);
    expect(result.messages).toMatchObject({ sent: 600, acknowledged: 600, diverged: 0, lost: 0, unexpected: 0 });
    expect(result.verdict.thresholds[0]).toMatchObject({ expression: 'diverged == 0', observed: 0 });
  });

  test('that apply messages twice have gone so much further than was sent', async () => {
    const behavior = `
faults:
  - { kind: applyTwice, messages: [{ stream: 0, seq: 10 }, { stream: 3, seq: 20 }, { stream: 4, seq: 30 }] }
`;
    const { result, acts } = await runOnAssistants(behavior, workers);
    expect(acts.filter((act) => act === 'applyTwice')).toHaveLength(3);
    expect(result.messages).toMatchObject({ sent: 600, acknowledged: 600, diverged: 3 });
  });

  test('one of which forgets what it was told is found out', async () => {
    const { result } = await runOnAssistants('faults: [{ kind: forget, messages: [{ stream: 2, seq: 40 }] }]', workers);
    expect(result.messages.diverged).toBeGreaterThanOrEqual(1);
    const found = result.violations.filter(({ violation }) => violation === 'diverged');
    expect(violationText(found[0]!)).toMatch(/^after #\d+ expected .*, got count \d+, digest [0-9a-f]{8}$/);
  });
});
