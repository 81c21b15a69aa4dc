// What a plan may say, with the faults that the proxy can do.

import { planForm } from '../plan/schema/schema.ts';
import { FAULTS } from './catalog.ts';

export const PLAN_FORM = planForm(FAULTS);
