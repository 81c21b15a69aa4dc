// Modules that a plan names, in TypeScript or JavaScript, as they stand.

import { pathToFileURL } from 'node:url';

/** What the module exports. Rejects with whatever kept it from loading. `file`: absolute. */
export async function loadModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  const { createJiti } = await import('jiti');
  // Types may come from `highwater` without its being installed beside the module: they are gone by then.
  const jiti = createJiti(pathToFileURL(file).href, { moduleCache: false });
  return jiti.import<Record<string, unknown>>(file);
}
