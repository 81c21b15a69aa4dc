import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyWindow, makeWindow } from '../../test/support/engine/windows.ts';
import { decodeWindow, encodeWindow } from './window.ts';

test('what is encoded is decoded as it was', () => {
  fc.assert(
    fc.property(anyWindow, (window) => {
      expect(decodeWindow(encodeWindow(window))).toEqual(window);
    }),
  );
});

test('a window is one line', () => {
  fc.assert(
    fc.property(anyWindow, (window) => {
      expect(encodeWindow(window)).not.toMatch(/[\r\n]/);
    }),
  );
});

describe('null for what is no whole window of this version', () => {
  test('a line that was cut off, anywhere', () => {
    const line = encodeWindow(makeWindow({ times: { response: [1, 2, 3] }, messages: { sent: 3 } }));
    for (let length = 0; length < line.length; length++) expect(decodeWindow(line.slice(0, length))).toBeNull();
  });

  test('any other text or JSON', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        expect(decodeWindow(line)).toBeNull();
      }),
    );
  });

  test('a window that lacks something, or has something of another kind in its place, at any depth', () => {
    const wrong = [null, 'a', -1, [], {}, true] as const;
    const window = JSON.parse(encodeWindow(makeWindow({ times: { response: [1, 2, 3] } })));
    const paths: string[][] = [];
    const walk = (value: unknown, at: string[]): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, member] of Object.entries(value)) {
        paths.push([...at, key]);
        walk(member, [...at, key]);
      }
    };
    walk(window, []);
    expect(paths.length).toBeGreaterThan(40);
    for (const at of paths) {
      for (const replacement of [undefined, ...wrong]) {
        const damaged = structuredClone(window);
        const last = at.at(-1)!;
        const parent = at.slice(0, -1).reduce((value, key) => value[key], damaged);
        const before = parent[last];
        if (JSON.stringify(before) === JSON.stringify(replacement)) continue;
        if (typeof before === 'boolean' && typeof replacement === 'boolean') continue;
        if (['failures', 'closeCodes'].includes(last) && JSON.stringify(replacement) === '{}') continue;
        if (last === 'stage' && replacement === -1) continue;
        parent[last] = replacement;
        expect(decodeWindow(JSON.stringify(damaged)), `${at.join('.')} = ${JSON.stringify(replacement)}`).toBeNull();
      }
    }
  });

  test('numbers that are none of a window: infinite, not whole seconds, unknown kinds of failure', () => {
    const line = encodeWindow(makeWindow());
    for (const [from, to] of [
      ['"due":0', '"due":1e999'],
      ['"second":0', '"second":0.5'],
      ['"second":0', '"second":1e300'],
      ['"failures":{}', '"failures":{"gremlins":1}'],
      ['"failures":{}', '"failures":{"reset":-1}'],
      ['"closeCodes":{}', '"closeCodes":{"1000":"many"}'],
      ['window/3', 'window/2'],
    ] as const) {
      expect(line).toContain(from);
      expect(decodeWindow(line.replace(from, to)), to).toBeNull();
    }
  });

  test('a histogram whose counters say something else than its totals', () => {
    const window = makeWindow({ times: { response: [1e6, 2e6, 3e6] } });
    const response = { ...window.histograms.response, count: 4 };
    const line = JSON.stringify({ ...window, histograms: { ...window.histograms, response } });
    expect(decodeWindow(line)).toBeNull();
  });
});
