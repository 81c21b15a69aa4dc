// Bundles what runs in a report's page into one script beside the compiled code: `npm run build` runs this after the compiler.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const from = (path) => fileURLToPath(new URL(path, import.meta.url));

mkdirSync(from('../dist/page'), { recursive: true });
await build({
  entryPoints: [from('../src/page/main.ts')],
  outfile: from('../dist/page/report.js'),
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'ascii',
  legalComments: 'eof',
  logLevel: 'warning',
});
