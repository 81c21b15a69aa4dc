// A plan as the text of a plan file: short maps and lists in one line, longer ones a member a line. `highwater check` reads it.

import type { Plan } from '../../plan/plan.ts';
import { writtenPlan } from '../../plan/resolve/written-plan.ts';
import { yamlFlow, yamlKey, yamlText } from '../first-plan/yaml.ts';

/** A line that is longer becomes several. */
const MOST_IN_A_LINE = 88;

export function planText(plan: Plan): string {
  return Object.entries(writtenPlan(plan))
    .flatMap(([key, value]) => memberLines(key, value, ''))
    .join('\n');
}

function memberLines(key: string, value: unknown, indent: string): readonly string[] {
  const name = `${indent}${yamlKey(key)}:`;
  if (typeof value === 'string') return [`${name} ${yamlText(value)}`];
  const line = `${name} ${yamlFlow(value)}`;
  if (!isSplit(value, line, indent === '')) return [line];
  return [name, ...inside(value, `${indent}  `)];
}

/** What stands at the top has its parts below one another, unless they are plain. */
function isSplit(value: unknown, line: string, isTop: boolean): value is object {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return false;
  if (line.length > MOST_IN_A_LINE) return true;
  const members = Object.values(value);
  const hasParts = members.some((member) => typeof member === 'object' && member !== null);
  return Array.isArray(value) ? isTop || (hasParts && members.length > 1) : isTop && hasParts;
}

function inside(value: object, indent: string): readonly string[] {
  if (!Array.isArray(value)) return Object.entries(value).flatMap(([key, member]) => memberLines(key, member, indent));
  return value.flatMap((item: unknown) => itemLines(item, indent));
}

function itemLines(item: unknown, indent: string): readonly string[] {
  if (typeof item === 'string') return [`${indent}- ${yamlText(item)}`];
  const line = `${indent}- ${yamlFlow(item)}`;
  if (typeof item !== 'object' || item === null || line.length <= MOST_IN_A_LINE) return [line];
  const [first, ...others] = inside(item, `${indent}  `);
  return first === undefined ? [line] : [`${indent}- ${first.slice(indent.length + 2)}`, ...others];
}
