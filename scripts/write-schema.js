// Writes the JSON Schema of a plan beside the compiled code, for editors: `npm run build` runs this after the compiler.

import { writeFileSync } from 'node:fs';
import { PLAN_FORM } from '../dist/faults/plan-form.js';
import { planJsonSchema } from '../dist/plan/schema/schema.js';

const path = new URL('../dist/plan.schema.json', import.meta.url);
writeFileSync(path, `${JSON.stringify(planJsonSchema(PLAN_FORM), null, 2)}\n`);
