import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parsePlanText } from '../parse.ts';
import { PLAIN_FORM, planJsonSchema } from './schema.ts';

interface Node {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: boolean | Node;
  readonly anyOf?: readonly Node[];
  readonly items?: Node;
  readonly title?: string;
  readonly required?: readonly string[];
}

const schema = planJsonSchema(PLAIN_FORM) as Node;

function* nodes(node: Node, path: string): Generator<readonly [string, Node]> {
  yield [path, node];
  for (const [key, member] of Object.entries(node.properties ?? {})) yield* nodes(member, `${path}.${key}`);
  for (const [index, branch] of (node.anyOf ?? []).entries()) yield* nodes(branch, `${path}|${index}`);
  if (node.items !== undefined) yield* nodes(node.items, `${path}[]`);
  if (typeof node.additionalProperties === 'object') yield* nodes(node.additionalProperties, `${path}{}`);
}

describe('the JSON Schema', () => {
  const all = [...nodes(schema, 'plan')];

  test('describes every field', () => {
    const fields = all.flatMap(([path, { properties = {} }]) =>
      Object.entries(properties).map(([key, { description }]) => [`${path}.${key}`, description] as const),
    );
    expect(fields.length).toBeGreaterThan(40);
    expect(fields.filter(([, description]) => description === undefined)).toEqual([]);
  });

  test('allows no unknown keys but in headers, cookies, the json protocol’s message and profiles', () => {
    const open = all.filter(
      ([, { type, additionalProperties }]) => type === 'object' && additionalProperties !== false,
    );
    expect(open.map(([path]) => path)).toEqual([
      'plan.target.headers',
      'plan.target.cookies',
      'plan.protocol|2.send',
      'plan.protocol|2.join[]',
      'plan.protocol|3.join[]',
      'plan.profiles',
      'plan.profiles{}',
    ]);
  });

  test('has examples that match their own pattern', () => {
    const patterned = all.filter(([, { pattern }]) => pattern !== undefined);
    expect(patterned.length).toBeGreaterThan(15);
    for (const [path, { pattern = '', examples = [] }] of patterned) {
      expect(examples.length, path).toBeGreaterThan(0);
      for (const example of examples) expect(String(example), path).toMatch(new RegExp(pattern));
      expect(`\${env.X}`, path).toMatch(new RegExp(pattern));
    }
  });

  test('asks for text where a unit is needed', () => {
    expect(schema.properties?.drain).toMatchObject({ type: 'string', examples: ['5s'] });
    expect(schema.properties?.drain?.anyOf).toBeUndefined();
  });

  test('needs a target and a load', () => {
    expect(schema.required).toEqual(['target', 'load']);
    expect(schema.title).toBe('Highwater plan');
  });
});

describe('the sustained-load plan', () => {
  const text = readFileSync(new URL('../../../suites/ten-thousand/sustained-load.yaml', import.meta.url), 'utf8');

  function loadOf(profile: string | null) {
    const parsed = parsePlanText(text, 'yaml', { env: {}, profile });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { plan } = parsed;
    if (plan.load.messages.kind !== 'open') throw new Error('not open');
    const [ramp] = plan.load.connections;
    const [rise, hold] = plan.load.messages.curve;
    return {
      clients: ramp.to,
      rampS: ramp.durationNs / 1e9,
      rate: rise.to,
      holdS: (hold?.durationNs ?? 0) / 1e9,
      plan,
    };
  }

  test.each([
    [null, 10_000, 8000, 45],
    ['production', 10_000, 8000, 1800],
    ['dev', 2000, 1600, 15],
    ['ci', 500, 400, 10],
    ['quick', 50, 200, 2],
  ])('in profile %s has its clients, its rate and its time', (profile, clients, rate, holdS) => {
    expect(loadOf(profile)).toMatchObject({ clients, rate, holdS });
  });

  test('keeps its rules in every profile', () => {
    const rules = (profile: string | null) => loadOf(profile).plan.thresholds;
    for (const profile of ['production', 'dev', 'ci', 'quick']) expect(rules(profile)).toEqual(rules(null));
    expect(rules(null).map(({ expression }) => expression)).toEqual([
      'response.mean < 100ms',
      'response.p99 < 200ms',
      'delivered >= 99.9%',
      'connections.failed == 0',
    ]);
  });

  test('takes at most 20 s in ci and 5 s in quick, with its drain', () => {
    const seconds = (profile: string) => {
      const { rampS, holdS, plan } = loadOf(profile);
      return rampS + holdS + plan.drainNs / 1e9;
    };
    expect(seconds('ci')).toBeLessThanOrEqual(20);
    expect(seconds('quick')).toBeLessThanOrEqual(5);
  });
});
