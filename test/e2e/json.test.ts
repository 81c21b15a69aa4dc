// The built command against a JSON-RPC service on a package of somebody else's: its calls are verified without code.

import { describe, expect, test } from 'vitest';
import { violationText } from '../../src/report/words/violation-text.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { type FinishedHighwater, runHighwater, temporaryDirectory, writeInto } from '../support/highwater.ts';

const PROTOCOL = {
  kind: 'json',
  send: { jsonrpc: '2.0', id: `\${id}`, method: 'say', params: { text: `\${payload}`, from: `\${client}` } },
  error: 'error',
  payload: 'result.text',
  pushes: 'ignore',
};

async function runAgainstRpc(more: object, plan: object = {}): Promise<FinishedHighwater> {
  const server = await startForeignServer('rpc');
  const cwd = temporaryDirectory();
  const document = {
    target: { url: server.url },
    protocol: { ...PROTOCOL, ...more },
    load: { connections: { to: 10 }, messages: { open: { rate: '500/s', for: '2s' } }, bytes: 300 },
    contract: { delivery: 'exactly-once', integrity: 'checksum' },
    drain: '1s',
    ...plan,
  };
  try {
    return await runHighwater(['run', writeInto(cwd, 'plan.json', JSON.stringify(document)), '--json'], { cwd });
  } finally {
    await server.stop();
  }
}

describe('a JSON-RPC service', () => {
  test('every call is answered or refused, and nothing else happens', async () => {
    const { result } = await runAgainstRpc({});
    expect(result.messages).toMatchObject({
      sent: 1000,
      delivered: 980,
      rejected: 20,
      lost: 0,
      duplicated: 0,
      corrupted: 0,
      unexpected: 0,
    });
    expect(result.response.count).toBe(980);
    // Not the exit code: a machine that is busy besides gives the generator reason to doubt its times.
    expect(result.verdict.thresholds.map(({ kind }) => kind)).toEqual(['pass', 'pass']);
  });

  test('in a closed loop as well', async () => {
    const load = { connections: { to: 5 }, messages: { closed: { inFlight: 4, for: '1s' } }, bytes: 200 };
    const { result } = await runAgainstRpc({}, { load });
    const { messages } = result;
    expect(messages.delivered + messages.rejected).toBe(messages.sent);
    expect(messages.rejected).toBe(Math.floor(messages.sent / 50));
  });

  test('notifications are unexpected where the plan does not expect them', async () => {
    const { result } = await runAgainstRpc({ pushes: 'unexpected' });
    expect(result.messages).toMatchObject({ delivered: 980, unexpected: 100 });
    expect(violationText(result.violations[0]!)).toMatch(
      /^an answer without an id of this run: \{"jsonrpc":"2.0","method":"presence"/,
    );
  });

  test('looked for in the wrong place no answer is matched: inconclusive, with a sample and what to set', async () => {
    const { result, exitCode, stderr } = await runAgainstRpc({ id: 'replyTo', pushes: 'unexpected' });
    expect(stderr).toMatch(
      /nothing that came answers .* the id is looked for at replyTo: set protocol\.id\. One of them: \{"jsonrpc"/,
    );
    expect(stderr.match(/nothing that came answers/g)).toHaveLength(1);
    expect(exitCode).toBe(2);
    expect(result.verdict.doubts.map(({ kind }) => kind)).toContain('unmatched');
    expect(result.verdict.doubts.find(({ kind }) => kind === 'unmatched')?.detail).toMatch(/protocol\.id/);
    expect(violationText(result.violations.find(({ violation }) => violation === 'unexpected')!)).toMatch(/"result":/);
  });
});

test('mistakes in the protocol are all said at once', async () => {
  const cwd = temporaryDirectory();
  const plan = {
    target: { url: 'ws://127.0.0.1:9' },
    protocol: { kind: 'json', send: { text: `\${paylod}` }, id: 'a..b', pushs: 'ignore' },
    load: { connections: 1 },
  };
  const { exitCode, stderr } = await runHighwater(['run', writeInto(cwd, 'plan.json', JSON.stringify(plan))], { cwd });
  expect(exitCode).toBe(64);
  for (const line of [
    /PLAN_INVALID {2}protocol\.send\.text: expected .*\$\{id\}, \$\{seq\}, \$\{client\}, \$\{room\}, \$\{type\}, \$\{priority\}, \$\{payload\}, \$\{uuid\}, \$\{row\.COLUMN\}, .*, got "\$\{paylod\}"/,
    /PLAN_INVALID {2}protocol\.send: expected a message that contains \$\{id\}/,
    /PLAN_INVALID {2}protocol\.id: expected a path such as replyTo or data\.id, got "a\.\.b"/,
    /PLAN_INVALID {2}protocol\.pushs: .*\(did you mean "pushes"\?\)/,
  ]) {
    expect(stderr).toMatch(line);
  }
});
