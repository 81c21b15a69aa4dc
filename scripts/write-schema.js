// Writes the JSON Schema of a plan beside the compiled code, for editors: `npm run build` runs this after the compiler.

import { writeFileSync } from 'node:fs';
import { planJsonSchema } from '../dist/plan/schema.js';

const path = new URL('../dist/plan.schema.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(planJsonSchema(), null, 2)}\n`);
