// Bundles what runs in a report's page into one script beside the compiled code: `npm run build` runs this after the compiler.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const from = (path) => fileURLToPath(new URL(path, import.meta.url));
const file = from('../dist/page/report.js');

await build({
  input: from('../src/page/main.ts'),
  logLevel: 'warn',
  transform: { target: 'es2022' },
  output: {
    file,
    format: 'iife',
    minify: true,
    comments: { legal: true },
    banner:
      '/*! With Apache ECharts (Apache-2.0, The Apache Software Foundation) and zrender (BSD-3-Clause, Baidu Inc.) */',
  },
});

// It stands inside a page, where these would end it or change how it is read (WHATWG HTML, 4.12.1.3).
const [ending] = /<\/script|<!--/i.exec(readFileSync(file, 'utf8')) ?? [];
if (ending !== undefined) throw new Error(`${file}: expected nothing that ends a script in a page, got ${ending}`);
