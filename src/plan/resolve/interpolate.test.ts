import { describe, expect, test } from 'vitest';
import { fillPlaceholders, renderClientTemplate, templateColumns } from '../templates/client-template.ts';
import { interpolate } from './interpolate.ts';

const env = { TOKEN: 'abc', EMPTY: '', CLIENTS: '500' };

describe('the environment', () => {
  test('is put into every string of the document', () => {
    const { document, problems } = interpolate({ a: [`x\${env.TOKEN}y\${env.TOKEN}`, 5], b: `\${env.EMPTY}` }, env);
    expect(document).toEqual({ a: ['xabcyabc', 5], b: '' });
    expect(problems).toEqual([]);
  });

  test('gives values that are secret in the target and not in the load', () => {
    const document = { target: { url: `ws://h/?t=\${env.TOKEN}` }, load: { connections: `\${env.CLIENTS}` } };
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

describe('the environment in a URL', () => {
  const target = (url: string | string[], values: Readonly<Record<string, string>>) =>
    interpolate({ target: { url } }, values);

  test('is one value where it stands, and all of a URL only where that begins with it', () => {
    const values = { BASE: 'wss://h:8443/base', USER: 'bob', PASSWORD: 'p@ss#1', ROOM: 'R&D/1', HOST: 'h:9000' };
    const url = [
      `ws://\${env.USER}:\${env.PASSWORD}@h/\${env.ROOM}?r=\${env.ROOM}`,
      `\${env.BASE}/\${env.ROOM}/\${client}`,
      `ws://\${env.HOST}/`,
    ];
    const { document, problems } = target(url, values);
    expect(problems).toEqual([]);
    expect(document).toEqual({
      target: {
        url: ['ws://bob:p%40ss%231@h/R%26D%2F1?r=R%26D%2F1', `wss://h:8443/base/R%26D%2F1/\${client}`, 'ws://h:9000/'],
      },
    });
  });

  test('is one value in the URL of a monitor as well', () => {
    const monitors = [{ name: 'm', prometheus: `http://m:\${env.PASSWORD}@h/metrics` }];
    expect(interpolate({ monitors }, { PASSWORD: 'a/b@c' }).document).toEqual({
      monitors: [{ name: 'm', prometheus: 'http://m:a%2Fb%40c@h/metrics' }],
    });
  });

  test('is refused where it would be another, and is not shown', () => {
    const { problems } = target(`ws://\${env.HOST}/\${env.UP}`, { HOST: 'h/admin', UP: '..' });
    expect(problems).toMatchObject([
      { at: ['target', 'url'], expected: expect.stringContaining(`in \${env.HOST}`), got: 'another value' },
      { at: ['target', 'url'], expected: expect.stringContaining(`in \${env.UP}`), got: 'another value' },
    ]);
  });
});

describe('a variable that would become something else', () => {
  test.each([
    [{ target: { headers: { a: `\${env.X}` } } }, `a\${row.password}`, 'without "${"'],
    [{ protocol: { send: { a: `\${env.X}` } } }, `\${seq}`, 'without "${"'],
    [{ target: { headers: { cookie: `a=\${env.X}` } } }, '1; admin=1', 'a cookie value'],
    [{ name: `\${env.X}` }, 'M\ufffdnchen', 'a text in UTF-8'],
  ])('is refused in %j', (document, X, expected) => {
    const { problems } = interpolate(document, { X });
    expect(problems).toMatchObject([{ expected: expect.stringContaining(expected), got: 'another value' }]);
  });

  test.each([
    [{ name: `\${env.X}` }, `\${seq}`],
    [{ target: { headers: { Cookie: `\${env.X}; b=2` } } }, 'a=1; c=3'],
    [{ target: { headers: { 'X-Cookie': `a=\${env.X}` } } }, '1; admin=1'],
  ])('is none where it stays what it is: %j', (document, X) => {
    expect(interpolate(document, { X }).problems).toEqual([]);
  });
});

describe('client templates', () => {
  test('stay in the target’s URLs, headers and cookies', () => {
    const target = { url: [`ws://h/\${client}`], headers: { a: `\${row.x}` }, cookies: { b: `\${row.y z}` } };
    const { document, problems } = interpolate({ target }, {});
    expect(document).toEqual({ target });
    expect(problems).toEqual([]);
  });

  test.each([
    [{ name: `\${client}` }, 'are allowed only in'],
    [{ target: { rows: `\${row.x}` } }, 'are allowed only in'],
    [{ target: { url: `\${foo}` } }, null],
    [{ target: { url: `\${env.9}` } }, null],
    [{ target: { url: `\${}` } }, null],
    [{ target: { url: `\${client` } }, null],
    [{ target: { url: `\${row.}` } }, null],
  ])('%j is a problem', (document, hint) => {
    const { problems } = interpolate(document, {});
    expect(problems).toHaveLength(1);
    if (hint === null) expect(problems[0]?.hint).toBeNull();
    else expect(problems[0]?.hint).toContain(hint);
  });

  test('are rendered with the client and its row', () => {
    const template = `ws://h/\${client}?user=\${row.user}&\${row.none}&\${client`;
    expect(renderClientTemplate(template, { client: 7, room: null, row: { user: 'ann' } })).toBe(
      `ws://h/7?user=ann&\${row.none}&\${client`,
    );
    expect(renderClientTemplate(template, { client: 7, room: null, row: null })).toContain(`\${row.user}`);
    expect(renderClientTemplate(`\${row.toString}`, { client: 0, room: null, row: {} })).toBe(`\${row.toString}`);
  });

  test('tell which columns they need', () => {
    expect(templateColumns(`\${client}\${row.a}\${row.b c}`)).toEqual(['a', 'b c']);
  });

  test('can be filled in for a check of the rest', () => {
    expect(fillPlaceholders(`ws://\${row.host}:\${row.port}/`, '1')).toBe('ws://1:1/');
  });
});
