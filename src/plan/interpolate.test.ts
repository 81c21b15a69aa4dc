import { describe, expect, test } from 'vitest';
import { fillPlaceholders, interpolate, renderLaneTemplate, templateColumns } from './interpolate.ts';

const env = { TOKEN: 'abc', EMPTY: '', LANES: '500' };

describe('the environment', () => {
  test('is put into every string of the document', () => {
    const { document, problems } = interpolate({ a: [`x\${env.TOKEN}y\${env.TOKEN}`, 5], b: `\${env.EMPTY}` }, env);
    expect(document).toEqual({ a: ['xabcyabc', 5], b: '' });
    expect(problems).toEqual([]);
  });

  test('gives values that are secret in the target and not in the load', () => {
    const document = { target: { url: `ws://h/?t=\${env.TOKEN}` }, load: { connections: `\${env.LANES}` } };
    expect(interpolate(document, env).secrets).toEqual(['abc']);
  });

  test('a variable that is not set is a problem where it is named', () => {
    const { problems, missing } = interpolate({ name: [`\${env.NOPE}`] }, env);
    expect(problems).toEqual([
      {
        at: ['name', 0],
        expected: 'the environment variable NOPE',
        got: 'nothing',
        hint: 'set NOPE in the environment',
      },
    ]);
    expect(missing).toEqual(['NOPE']);
  });

  test('what every object inherits is no variable', () => {
    expect(interpolate(`\${env.constructor}`, env).missing).toEqual(['constructor']);
  });

  test('values are not interpolated again', () => {
    expect(interpolate(`\${env.A}`, { A: `\${env.B}`, B: 'secret' }).document).toBe(`\${env.B}`);
  });
});

describe('lane templates', () => {
  test('stay in the target’s URLs, headers and cookies', () => {
    const target = { url: [`ws://h/\${lane}`], headers: { a: `\${row.x}` }, cookies: { b: `\${row.y z}` } };
    const { document, problems } = interpolate({ target }, {});
    expect(document).toEqual({ target });
    expect(problems).toEqual([]);
  });

  test.each([
    [{ name: `\${lane}` }, 'stand only in'],
    [{ target: { rows: `\${row.x}` } }, 'stand only in'],
    [{ target: { url: `\${foo}` } }, null],
    [{ target: { url: `\${env.9}` } }, null],
    [{ target: { url: `\${}` } }, null],
    [{ target: { url: `\${lane` } }, null],
    [{ target: { url: `\${row.}` } }, null],
  ])('%j is a problem', (document, hint) => {
    const { problems } = interpolate(document, {});
    expect(problems).toHaveLength(1);
    if (hint === null) expect(problems[0]?.hint).toBeNull();
    else expect(problems[0]?.hint).toContain(hint);
  });

  test('are rendered with the lane and its row', () => {
    const template = `ws://h/\${lane}?user=\${row.user}&\${row.none}&\${lane`;
    expect(renderLaneTemplate(template, { lane: 7, room: null, row: { user: 'ann' } })).toBe(
      `ws://h/7?user=ann&\${row.none}&\${lane`,
    );
    expect(renderLaneTemplate(template, { lane: 7, room: null, row: null })).toContain(`\${row.user}`);
    expect(renderLaneTemplate(`\${row.toString}`, { lane: 0, room: null, row: {} })).toBe(`\${row.toString}`);
  });

  test('tell which columns they need', () => {
    expect(templateColumns(`\${lane}\${row.a}\${row.b c}`)).toEqual(['a', 'b c']);
  });

  test('can be filled in for a check of the rest', () => {
    expect(fillPlaceholders(`ws://\${row.host}:\${row.port}/`, '1')).toBe('ws://1:1/');
  });
});
