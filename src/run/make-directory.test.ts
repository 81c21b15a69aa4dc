import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeDirectory } from './make-directory.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'highwater-directory-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('makeDirectory', () => {
  test('makes what is missing on the way, and is content with what is there', () => {
    const deep = path.join(root, 'a', 'b', 'c');
    makeDirectory(deep);
    makeDirectory(deep);
    expect(statSync(deep).isDirectory()).toBe(true);
  });

  test('a file in its place, or on the way to it, is an error', () => {
    const file = path.join(root, 'file');
    writeFileSync(file, '');
    expect(() => makeDirectory(file)).toThrow('EEXIST');
    expect(() => makeDirectory(path.join(file, 'below'))).toThrow('ENOTDIR');
  });

  test.runIf(existsSync('/proc/self'))('where the kernel knows no name it is an error, and no waiting for ever', () => {
    expect(() => makeDirectory('/proc/nope/reports')).toThrow('ENOENT');
  });
});
