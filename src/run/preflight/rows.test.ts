import { describe, expect, test } from 'vitest';
import { curve, makePlan } from '../../../test/support/engine/plans.ts';
import type { Plan, RowsOrder } from '../../plan/plan.ts';
import type { HostEnvironment } from '../ports.ts';
import { readPlanRows } from './rows.ts';

const CSV = `user,token\n${Array.from({ length: 20 }, (_, row) => `u${row},t${row}`).join('\n')}\n`;

const planOf = (clients: number, order: RowsOrder, seed = 1): Plan =>
  makePlan({
    connections: curve({ to: clients }),
    target: { rowsFile: 'users.csv', rowsOrder: order },
    plan: { seed },
  });

function read(plan: Plan, text: string | Buffer = CSV) {
  const hostEnvironment = { readFile: () => Promise.resolve(Buffer.from(text)) } as unknown as HostEnvironment;
  return readPlanRows(plan, hostEnvironment);
}

const users = async (plan: Plan): Promise<readonly (string | undefined)[]> =>
  (await read(plan)).rows.map(({ user }) => user);

describe('the rows of clients', () => {
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

  test('are one for each client where that is asked for, and too few of them are refused before the run', async () => {
    expect(await users(planOf(20, 'once'))).toHaveLength(20);
    await expect(read(planOf(21, 'once'))).rejects.toThrow(
      /target\.rows: users\.csv: expected a row for each of 21 clients, because order is once, got 20/,
    );
  });
});

describe('a file that gives nothing', () => {
  test.each([
    ['', 'at least one row'],
    ['user,token\n', 'at least one row'],
    ['user,token\n"a', 'expected a CSV file with a header line'],
  ])('%j is refused by name', async (text, problem) => {
    await expect(read(planOf(1, 'sequential'), text)).rejects.toThrow(problem);
    const fed = makePlan();
    const plan = { ...fed, load: { ...fed.load, feeder: { file: 'texts.csv', order: 'random' as const } } };
    await expect(read(plan, text)).rejects.toThrow(new RegExp(`load.feeder: texts\\.csv: .*${problem}`));
  });
});

describe('a value of a row that would become another', () => {
  const target = {
    urls: [`ws://\${row.user}:\${row.token}@h/\${row.room}`],
    headers: { Cookie: `room=\${row.room}; v=1`, 'X-Name': `\${row.name}`, 'X-Text': `\${row.room}` },
    rowsFile: 'users.csv',
  } as const;
  const refusal = async (lines: readonly string[], order: RowsOrder = 'sequential'): Promise<string> => {
    const plan = makePlan({ connections: curve({ to: 2 }), target: { ...target, rowsOrder: order } });
    const rejected = await read(plan, `user,token,room,name\n${lines.join('\n')}\n`).catch((error: Error) => error);
    return rejected instanceof Error ? rejected.message : '';
  };

  test.each([
    ['ann,t,x; admin=1,n', 'line 2, column room', 'a cookie'],
    ['ann,t,"a,b",n', 'line 2, column room', 'a cookie'],
    ['ann,t,R&D #1,n', 'line 2, column room', 'a cookie'],
    ['ann,t,..,n', 'line 2, column room', 'target.url'],
    ['a:b,t,r,n', 'line 2, column user', 'target.url'],
    ['ann,t,r,Ľudmila', 'line 2, column name', 'the header X-Name'],
    ['"ann","t","r","a\rX-Admin: 1"', 'line 3, column name', 'the header X-Name'],
  ])('%j is refused by line and column, and not shown', async (line, place, where) => {
    const message = await refusal([line]);
    expect(message).toContain(`target.rows: users.csv, ${place}: expected`);
    expect(message).toContain(`because it goes into ${where}, got another value`);
    expect(message).not.toContain('admin=1');
  });

  test('is found on every line, in whatever order clients take them', async () => {
    const lines = Array.from({ length: 12_000 }, (_, row) => `u${row},t,${row === 11_998 ? '..' : 'r'},n`);
    expect(await refusal(lines)).toContain('line 12000, column room');
    expect(await refusal(lines, 'random')).toContain('line 12000, column room');
  });

  test('is none where it can be written down: in a URL, and in other headers', async () => {
    expect(await refusal(['ann,p@ss#1/?,50%&a=b/../c,Jürg; a=1'])).toBe('');
  });
});

describe('a CSV file that says something twice, or nothing that can be read', () => {
  const plan = planOf(1, 'sequential');
  test.each([
    ['user,user\nann,bob\n', 'the repeated column "user"'],
    [Buffer.from('user\nM\xfcller\n', 'latin1'), 'not UTF-8 (byte 0xfc at line 2, column 2)'],
    [Buffer.from('user\nann\n', 'utf16le'), 'a text in UTF-16LE instead of UTF-8'],
  ])('is refused', async (text, problem) => {
    await expect(read(plan, text)).rejects.toThrow(problem);
  });

  test('is refused without the value that cannot be made out', async () => {
    const refused = await read(plan, 'user,token\nann,pass"word\n').catch((error: Error) => error.message);
    expect(refused).toContain('Invalid Opening Quote');
    expect(refused).not.toContain('pass');
  });

  test('and one with a byte order mark is read', async () => {
    expect((await read(plan, `\ufeff${CSV}`)).rows[0]).toEqual({ user: 'u0', token: 't0' });
  });
});
