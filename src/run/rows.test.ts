import { describe, expect, test } from 'vitest';
import { curve, makePlan } from '../../test/support/engine/plans.ts';
import type { Plan, RowsOrder } from '../plan/plan.ts';
import type { Surroundings } from './ports.ts';
import { readPlanRows } from './rows.ts';

const CSV = `user,token\n${Array.from({ length: 20 }, (_, row) => `u${row},t${row}`).join('\n')}\n`;

const planOf = (lanes: number, order: RowsOrder, seed = 1): Plan =>
  makePlan({ connections: curve({ to: lanes }), target: { rowsFile: 'users.csv', rowsOrder: order }, plan: { seed } });

function read(plan: Plan, text = CSV) {
  const surroundings = { readFile: () => Promise.resolve(Buffer.from(text)) } as unknown as Surroundings;
  return readPlanRows(plan, surroundings);
}

const users = async (plan: Plan): Promise<readonly (string | undefined)[]> =>
  (await read(plan)).rows.map(({ user }) => user);

describe('the rows of lanes', () => {
  test('stand in the order of the file', async () => {
    expect(await users(planOf(5, 'sequential'))).toEqual(Array.from({ length: 20 }, (_, row) => `u${row}`));
  });

  test('stand in an order that the seed draws: each row once, and the same for the same seed', async () => {
    const drawn = await users(planOf(5, 'random'));
    expect([...drawn].sort()).toEqual([...(await users(planOf(5, 'sequential')))].sort());
    expect(drawn).not.toEqual(await users(planOf(5, 'sequential')));
    expect(await users(planOf(5, 'random'))).toEqual(drawn);
    expect(await users(planOf(5, 'random', 2))).not.toEqual(drawn);
  });

  test('are one for each lane where that is asked for, and too few of them are refused before the run', async () => {
    expect(await users(planOf(20, 'once'))).toHaveLength(20);
    await expect(read(planOf(21, 'once'))).rejects.toThrow(
      /target\.rows: users\.csv: expected a row for each of 21 lanes, as order is once, got 20/,
    );
  });
});

describe('a file that gives nothing', () => {
  test.each([
    ['', 'at least one row'],
    ['user,token\n', 'at least one row'],
    ['user,token\n"a', 'expected a CSV file with a heading line'],
  ])('%j is refused by name', async (text, problem) => {
    await expect(read(planOf(1, 'sequential'), text)).rejects.toThrow(problem);
    const fed = makePlan();
    const plan = { ...fed, load: { ...fed.load, feed: { file: 'texts.csv', order: 'random' as const } } };
    await expect(read(plan, text)).rejects.toThrow(new RegExp(`load\\.feed: texts\\.csv: .*${problem}`));
  });
});
