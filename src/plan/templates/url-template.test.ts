import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { urlTemplate } from './url-template.ts';

const fill = (template: string, values: Readonly<Record<string, string>>) =>
  urlTemplate(template)((name) => (Object.hasOwn(values, name) ? values[name]! : null));

describe('a value in a URL', () => {
  test.each([
    ['a/b?c=d', '/ws/a%2Fb%3Fc%3Dd'],
    ['R&D #1', '/ws/R%26D%20%231'],
    ['../admin', '/ws/..%2Fadmin'],
    ['50%', '/ws/50%25'],
    ['%2e%2e', '/ws/%252e%252e'],
    ['a+b', '/ws/a%2Bb'],
    ['a:b@c', '/ws/a%3Ab%40c'],
    ['\\..\\', '/ws/%5C..%5C'],
    ['München', '/ws/M%C3%BCnchen'],
    ['plain-1.0_~', '/ws/plain-1.0_~'],
    ['', '/ws/'],
  ])('%j is one segment of the path', (room, path) => {
    const { url, refused } = fill(`ws://h/ws/\${row.room}?v=2`, { 'row.room': room });
    expect(refused).toEqual([]);
    expect(url).toBe(`ws://h${path}?v=2`);
    expect(new URL(url).search).toBe('?v=2');
  });

  test('is one parameter of the query, and one user and one password', () => {
    expect(fill(`ws://h/?a=\${x}&b=2`, { x: '1&b=3#+ %41' }).url).toBe('ws://h/?a=1%26b%3D3%23%2B%20%2541&b=2');
    const { url } = fill(`ws://\${u}:\${p}@127.0.0.1/ws`, { u: 'bob', p: 'p@ss#1/:?' });
    expect(new URL(url)).toMatchObject({ hostname: '127.0.0.1', username: 'bob', password: 'p%40ss%231%2F%3A%3F' });
  });

  test('comes out of path, query, user and password as it went in, whatever it is, and moves nothing else', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !/^\.{1,2}$|\p{Cc}|\p{Cs}|:/u.test(value));
    fc.assert(
      fc.property(text, text, text, text, (user, password, segment, parameter) => {
        const values = { user, password, segment, parameter };
        const { url, refused } = fill(`ws://\${user}:\${password}@h/a/\${segment}/z?q=\${parameter}&r=1`, values);
        expect(refused).toEqual([]);
        const read = new URL(url);
        expect(read.host).toBe('h');
        expect(read.hash).toBe('');
        expect([read.username, read.password].map(decodeURIComponent)).toEqual([user, password]);
        expect(read.pathname.split('/').map(decodeURIComponent)).toEqual(['', 'a', segment, 'z']);
        expect([...read.searchParams]).toEqual([
          ['q', parameter],
          ['r', '1'],
        ]);
      }),
    );
  });

  test('of a column with any name is found', () => {
    expect(fill(`ws://h/\${row.a/b?c#d@e:f}?x=1`, { 'row.a/b?c#d@e:f': 'v' }).url).toBe('ws://h/v?x=1');
  });

  test('that is none stays a placeholder', () => {
    expect(fill(`ws://h/\${row.a}?b=\${client}`, {}).url).toBe(`ws://h/\${row.a}?b=\${client}`);
  });
});

describe('a value that would be another is refused by the name of its placeholder', () => {
  test.each([
    [`ws://h/\${x}/end`, '..', 'a segment of the path'],
    [`ws://h/\${x}`, '.', 'a segment of the path'],
    [`ws://h/.\${x}`, '.', 'a segment of the path'],
    [`ws://\${x}:p@h/`, 'a:b', 'a user name without a colon'],
    [`ws://\${x}@h/`, 'bob:secret', 'a user name without a colon'],
    [`ws://u:\${x}@h/`, 'a\r\nb', 'control characters'],
    [`ws://\${x}/`, 'h/admin', 'a host name'],
    [`ws://\${x}/`, 'u@h', 'a host name'],
    [`ws://\${x}/`, 'h:0', 'a host name'],
    [`ws://\${x}/`, '', 'a host name'],
    [`ws://\${x}:80/`, 'h:81', 'a host name'],
    [`ws://\${x}.example.com/`, 'evil.org/', 'a host name'],
    [`ws://h:\${x}/`, '80/a', 'a port'],
  ])('%s with %j', (template, value, expected) => {
    const { refused } = fill(template, { x: value });
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ name: 'x', expected: expect.stringContaining(expected) });
    expect(JSON.stringify(refused)).not.toContain(JSON.stringify(value).slice(1, -1).padEnd(3, '!'));
  });

  test.each([
    [`ws://\${x}/`, 'example.com:8080', 'ws://example.com:8080/'],
    [`ws://\${x}/`, '[::1]:9000', 'ws://[::1]:9000/'],
    [`ws://\${x}.example.com/`, 'eu-1', 'ws://eu-1.example.com/'],
    [`ws://h:\${x}/`, '9000', 'ws://h:9000/'],
    [`ws://h/a..\${x}`, '.', 'ws://h/a...'],
    [`\${x}/ws`, 'wss://u:p@h/base', 'wss://u:p@h/base/ws'],
  ])('but %s with %j is meant', (template, value, url) => {
    expect(fill(template, { x: value })).toEqual({ url, refused: [] });
  });
});
