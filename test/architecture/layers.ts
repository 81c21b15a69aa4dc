// The layers of src/ and the rule between them: imports go strictly down. One table, read by the test.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Layer by folder of src/. Files directly in src/ are of the top layer. */
export const LAYERS: Readonly<Record<string, number>> = {
  units: 0,
  random: 0,
  plan: 1,
  histogram: 1,
  facts: 2,
  frames: 3,
  protocols: 3,
  measure: 3,
  analysis: 3,
  engine: 4,
  injection: 4,
  report: 4,
  run: 5,
  page: 5,
  faults: 6,
  fleet: 6,
  monitors: 6,
  outputs: 6,
  history: 6,
  dashboard: 6,
  target: 6,
  cli: 7,
  entry: 7,
  '.': 7,
};
const TOP_LAYER = 7;

/**
 * Imports that go down and are forbidden all the same, by folder, with the reason. Facts are data and words are in `report/`: what a
 * use case has to say goes to its caller as facts.
 */
const FORBIDDEN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  run: { report: 'a use case hands facts to its caller, which has the words' },
};

/** Folders that know no platform: no clock, no `node:*`, no randomness. */
export const PURE_FOLDERS: readonly string[] = [
  'units',
  'random',
  'plan',
  'histogram',
  'facts',
  'frames',
  'protocols',
  'measure',
  'analysis',
  'injection',
  'report',
];

export interface Import {
  /** Relative to the root of the sources, with forward slashes. */
  readonly from: string;
  readonly specifier: string;
}

/** Every import and re-export of the TypeScript files below `root`, tests left out; `import type` and `import()` too. */
export function importsBelow(root: string): Import[] {
  return sourceFiles(root).flatMap((file) =>
    importsOf(readFileSync(file, 'utf8')).map((specifier) => ({
      from: path.relative(root, file).split(path.sep).join('/'),
      specifier,
    })),
  );
}

export function importsOf(source: string): string[] {
  const withoutComments = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)(['"])([^'"\n]+)\1/g;
  return [...withoutComments.matchAll(pattern)].map((match) => match[2]!);
}

/** A sentence for each import that the layers forbid. */
export function brokenImports(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, specifier }) => {
    const fromFolder = folderOf(from);
    const fromLayer = LAYERS[fromFolder];
    if (fromLayer === undefined) return [`${from}: the folder ${fromFolder} has no layer`];
    if (!specifier.startsWith('.')) {
      const isPlatform = specifier.startsWith('node:');
      return isPlatform && PURE_FOLDERS.includes(fromFolder)
        ? [`${from} imports ${specifier}: ${fromFolder}/ knows no platform`]
        : [];
    }
    const to = path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
    const toFolder = folderOf(to);
    const toLayer = LAYERS[toFolder];
    if (toLayer === undefined) return [`${from} imports ${to}: the folder ${toFolder} has no layer`];
    const reason = FORBIDDEN[fromFolder]?.[toFolder];
    if (reason !== undefined) return [`${from} imports ${to}: ${reason}`];
    if (fromFolder === toFolder || toLayer < fromLayer) return [];
    if (toLayer === fromLayer && fromLayer === TOP_LAYER) return [];
    return [`${from} (layer ${fromLayer}) imports ${to} (layer ${toLayer}): imports go strictly down`];
  });
}

/** Files that import each other in a circle, as "a → b → a". */
export function importCycles(imports: readonly Import[]): string[] {
  const edges = new Map<string, string[]>();
  for (const { from, specifier } of imports) {
    if (!specifier.startsWith('.')) continue;
    const to = path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
    edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start >= 0) {
      cycles.push([...trail.slice(start), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return cycles;
}

function folderOf(file: string): string {
  const slash = file.indexOf('/');
  return slash === -1 ? '.' : file.slice(0, slash);
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(directory, entry.name);
    if (entry.isDirectory()) return sourceFiles(full);
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [full] : [];
  });
}
