import { describe, expect, test } from 'vitest';
import type { Recognition } from '../../analysis/discover/recognize.ts';
import type { Prompter } from '../ports.ts';
import { askForLoad, type GivenAnswers } from './prompts.ts';

const ECHO: Recognition = {
  kind: 'echo',
  format: 'text',
  evidence: ['seen'],
  caveats: [],
  sample: null,
  isShared: false,
  login: null,
  typeKey: 'type',
};
const SILENT: Recognition = {
  kind: 'unknown',
  why: 'silent',
  evidence: ['nothing'],
  caveats: [],
  sample: null,
  isShared: false,
  login: null,
  typeKey: 'type',
};
const PUSH: Recognition = {
  kind: 'push',
  sequence: { path: ['seq'], channel: null, steps: 3, byOne: 3, channels: 1 },
  evidence: ['seen'],
  caveats: [],
  sample: null,
  isShared: false,
  login: null,
  typeKey: 'type',
};
const NOTHING: GivenAnswers = {
  name: undefined,
  connections: undefined,
  rate: undefined,
  duration: undefined,
  bytes: undefined,
  rules: [],
};

/** Answers in this order, then with nothing but Enter. */
function somebody(
  ...answers: readonly string[]
): Prompter & { readonly asked: string[]; readonly objections: string[] } {
  const left = [...answers];
  const asked: string[] = [];
  const objections: string[] = [];
  return {
    asked,
    objections,
    ask: async (question, fallback) => {
      asked.push(`${question} [${fallback}]`);
      return left.shift() || fallback;
    },
    confirm: async () => true,
    object: (why) => void objections.push(why),
  };
}

describe('the questions', () => {
  test('each has a default that Enter takes', async () => {
    const person = somebody();
    expect(await askForLoad(NOTHING, ECHO, person, 'chat')).toEqual({
      name: 'chat',
      connections: 100,
      rate: '100/s',
      duration: '30s',
      bytes: null,
      rules: ['response.p99 < 500ms', 'connections.failed == 0'],
    });
    expect(person.asked).toEqual([
      'Name of the plan [chat]',
      'Number of connections [100]',
      'Messages per second (all connections together) [100/s]',
      'Duration [30s]',
      'Rule for response times, or none [response.p99 < 500ms]',
    ]);
  });

  test('an answer that the plan would not take is objected to and asked again', async () => {
    const person = somebody('', 'many', '5', '50', '20', '20s');
    expect(await askForLoad(NOTHING, ECHO, person, 'chat')).toMatchObject({
      connections: 5,
      rate: '50/s',
      duration: '20s',
    });
    expect(person.objections[0]).toBe('expected a whole number, got "many"');
    expect(person.objections[1]).toMatch(/expected a duration .* got "20"/);
  });

  test('somebody who never gives one is not asked for ever', async () => {
    const person = somebody(...Array.from({ length: 50 }, () => ''), 'x');
    await expect(askForLoad(NOTHING, ECHO, { ...person, ask: async () => '\u0000' }, 'chat')).rejects.toMatchObject({
      code: 'ARGUMENTS_INVALID',
    });
  });

  test('what a flag has said is not asked', async () => {
    const person = somebody();
    const given = { ...NOTHING, connections: '7', rate: '9/s', rules: ['lost == 0'] };
    expect(await askForLoad(given, ECHO, person, 'chat')).toMatchObject({
      connections: 7,
      rate: '9/s',
      rules: ['lost == 0', 'connections.failed == 0'],
    });
    expect(person.asked).toHaveLength(2);
  });

  test('none is no rule', async () => {
    expect((await askForLoad(NOTHING, ECHO, somebody('', '', '', '', 'none'), 'chat')).rules).toEqual([
      'connections.failed == 0',
    ]);
  });
});

describe('without anybody', () => {
  test.each([
    ['100/s', '30s', 'p99'],
    ['10/s', '10s', 'p90'],
    ['1/s', '10s', 'p50'],
  ])('the rule is one that %s for %s can be judged by: %s', async (rate, duration, percentile) => {
    const { rules } = await askForLoad({ ...NOTHING, rate, duration }, ECHO, null, 'chat');
    expect(rules[0]).toBe(`response.${percentile} < 500ms`);
  });

  test('where nothing is sent there is no rule about responses', async () => {
    expect((await askForLoad(NOTHING, SILENT, null, 'x')).rules).toEqual([
      'connections.failed == 0',
      'connections.dropped == 0',
    ]);
    expect((await askForLoad(NOTHING, PUSH, null, 'x')).rules[0]).toBe('pushes.missed == 0');
  });
});
