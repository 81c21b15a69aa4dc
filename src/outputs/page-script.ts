// The script of a report's page, as the build has bundled it.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PageScript } from '../report/html/page.ts';

export function readPageScript(): PageScript {
  const text = readFileSync(fileURLToPath(new URL('../page/report.js', import.meta.url)), 'utf8');
  return { text, sha256: createHash('sha256').update(text, 'utf8').digest('base64') };
}
