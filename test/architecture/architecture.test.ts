import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { brokenImports, importCycles, importsBelow, importsOf } from './layers.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const temporary: string[] = [];

afterEach(() => {
  for (const directory of temporary.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function plant(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(path.join(ROOT, 'node_modules', '.architecture-'));
  temporary.push(directory);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), text);
  }
  return directory;
}

describe('the layers of src/', () => {
  test('every import goes strictly down', () => {
    const imports = importsBelow(path.join(ROOT, 'src'));
    expect(imports.length).toBeGreaterThan(100);
    expect(brokenImports(imports)).toEqual([]);
  });

  test('no files import each other in a circle, not even for types', () => {
    expect(importCycles(importsBelow(path.join(ROOT, 'src')))).toEqual([]);
  });

  test('a planted upward import is named with both files and layers', () => {
    const root = plant({ 'units/planted.ts': "import type { Plan } from '../plan/plan.ts';\nexport type P = Plan;\n" });
    expect(brokenImports(importsBelow(root))).toEqual([
      'units/planted.ts (layer 0) imports plan/plan.ts (layer 1): imports go strictly down',
    ]);
  });

  test('a planted import between folders of one layer is named', () => {
    const root = plant({ 'frames/planted.ts': "export { x } from '../measure/x.ts';\n" });
    expect(brokenImports(importsBelow(root))).toEqual([
      'frames/planted.ts (layer 3) imports measure/x.ts (layer 3): imports go strictly down',
    ]);
  });

  test('a planted platform import in a pure folder is named', () => {
    const root = plant({ 'analysis/planted.ts': "const fs = await import('node:fs');\n" });
    expect(brokenImports(importsBelow(root))).toEqual([
      'analysis/planted.ts imports node:fs: analysis/ knows no platform',
    ]);
  });

  test('a planted import of words by a use case is named, one of facts is not', () => {
    const root = plant({
      'run/planted.ts': "import { words } from '../report/words/words.ts';\nimport '../facts/event.ts';\n",
      'outputs/planted.ts': "import { words } from '../report/words/words.ts';\n",
    });
    expect(brokenImports(importsBelow(root))).toEqual([
      'run/planted.ts imports report/words/words.ts: a use case hands facts to its caller, which has the words',
    ]);
  });

  test('a planted circle is named', () => {
    const root = plant({ 'plan/a.ts': "import './b.ts';\n", 'plan/b.ts': "import type { A } from './a.ts';\n" });
    expect(importCycles(importsBelow(root))).toEqual(['plan/a.ts → plan/b.ts → plan/a.ts']);
  });

  test('imports are found in every form, and not in comments', () => {
    const source = `
      import a from './a.ts'; import type { B } from "./b.ts"; export * from './c.ts'; import './d.ts';
      const e = await import('./e.ts'); // import './no.ts'
      // import './no.ts'
      /* import './no.ts' */`;
    expect(importsOf(source).filter((name) => name !== './no.ts')).toEqual([
      './a.ts',
      './b.ts',
      './c.ts',
      './d.ts',
      './e.ts',
    ]);
  });
});

describe('the pure folders', () => {
  test('the type check rejects `process`, `Buffer` and timers there', () => {
    const directory = plant({
      'src/units/planted.ts': 'export const e = [process.env, Buffer.alloc(1), setTimeout(() => {}, 1)];\n',
      'tsconfig.json': JSON.stringify({
        extends: path.join(ROOT, 'tsconfig.pure.json'),
        include: ['src/**/*.ts'],
        exclude: [],
      }),
    });
    const { status, stdout } = spawnSync(
      process.execPath,
      [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', directory],
      {
        encoding: 'utf8',
      },
    );
    expect(status).not.toBe(0);
    for (const name of ['process', 'Buffer', 'setTimeout']) expect(stdout).toContain(`'${name}'`);
  });
});

describe('timers', () => {
  /** Where a timer of Node's is set that may be longer than one can be. */
  function bareTimers(root: string): readonly string[] {
    return readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'engine/clock.ts')
      .filter((file) => {
        const source = readFileSync(path.join(root, file), 'utf8');
        return /\bsetTimeout\(|node:timers|\bsetInterval\((?!\w+, [A-Z_]+\))/.test(source);
      });
  }

  test('are set by engine/clock.ts alone, which knows what is too long for Node; intervals are constants', () => {
    expect(bareTimers(path.join(ROOT, 'src'))).toEqual([]);
  });

  test('that are planted elsewhere are named', () => {
    const root = plant({
      'run/waits.ts': 'setTimeout(go, waitMs);\n',
      'run/ticks.ts': 'setInterval(go, everyMs);\n',
      'run/looks.ts': 'setInterval(go, LOOK_EVERY_MS);\n',
    });
    expect([...bareTimers(root)].sort()).toEqual(['run/ticks.ts', 'run/waits.ts']);
  });
});
