// Values that come from files and the environment, through the built command: each reaches the service as it stands in the
// file, or is refused by its place before anything is started, and `check` says the same as `run`.

import { writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { type FinishedHighwater, runHighwater, temporaryDirectory, type WhenOver } from '../support/highwater.ts';

const TOGETHER = { concurrent: true, timeout: 120_000 } as const;
const BOM = '\ufeff';

interface Asked {
  readonly path: string;
  readonly cookie: string | null;
  readonly credentials: string | null;
}

interface EchoService {
  readonly port: number;
  /** What each connection asked for, in the order of their paths. */
  asked(): readonly Asked[];
}

async function startEcho(whenOver: WhenOver): Promise<EchoService> {
  const asked: Asked[] = [];
  const server = http.createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, { url = '', headers }) => {
    const basic = /^Basic (.*)$/.exec(headers.authorization ?? '')?.[1];
    asked.push({
      path: url,
      cookie: headers.cookie ?? null,
      credentials: basic === undefined ? null : Buffer.from(basic, 'base64').toString('utf8'),
    });
    socket.on('error', () => {});
    socket.on('message', (data) => socket.send(data));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  whenOver(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    asked: () => asked.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  };
}

const LOAD = { connections: 5, messages: { open: { rate: '20/s', for: '500ms' } } };

interface Files {
  readonly [name: string]: string | Buffer;
}

async function highwater(
  whenOver: WhenOver,
  args: readonly string[],
  files: Files,
  env: Readonly<Record<string, string>> = {},
): Promise<FinishedHighwater> {
  const cwd = temporaryDirectory(whenOver);
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(cwd, name), content);
  return runHighwater(args, { cwd, whenOver, env });
}

describe('values of rows', TOGETHER, () => {
  test('stay one value each in the path and in a cookie', async ({ onTestFinished }) => {
    const echo = await startEcho(onTestFinished);
    const target = {
      url: `ws://127.0.0.1:${echo.port}/ws/\${row.room}?v=2&r=\${row.room}`,
      cookies: { user: `\${row.user}`, v: '1' },
      rows: 'rooms.csv',
    };
    const { result } = await highwater(onTestFinished, ['run', 'plan.json', '--json'], {
      'plan.json': JSON.stringify({ target, load: LOAD, drain: '5s' }),
      'rooms.csv': 'room,user\nR&D #1,ann\n../admin,%41\na/b?c=d,a=b\n50%,a:b\nMünchen,plain\n',
    });
    expect(result.connections).toMatchObject({ opened: 5, failed: 0 });
    const asked = echo.asked().map(({ path: asPath, cookie }) => {
      const { pathname, searchParams } = new URL(asPath, 'http://h');
      return [decodeURIComponent(pathname), searchParams.get('r'), searchParams.get('v'), cookie];
    });
    const expected = [
      ['R&D #1', 'ann'],
      ['../admin', '%41'],
      ['a/b?c=d', 'a=b'],
      ['50%', 'a:b'],
      ['München', 'plain'],
    ].map(([room, user]) => [`/ws/${room}`, room, '2', `user=${user}; v=1`]);
    expect(asked).toHaveLength(5);
    expect(asked).toEqual(expect.arrayContaining(expected));
  });

  test('with an @ and a # in a password are no host, and reach the service as they are', async ({ onTestFinished }) => {
    const echo = await startEcho(onTestFinished);
    const { result } = await highwater(
      onTestFinished,
      ['run', 'plan.json', '--json'],
      {
        'plan.json': JSON.stringify({
          target: { url: `ws://\${row.user}:\${row.password}@127.0.0.1:\${env.PORT}/`, rows: 'users.csv' },
          load: { ...LOAD, connections: 2 },
          drain: '5s',
        }),
        'users.csv': 'user,password\nbob,p@ss#1\nann,a/b:c?%40\n',
      },
      { PORT: String(echo.port) },
    );
    expect(result.connections).toMatchObject({ opened: 2, failed: 0 });
    expect(
      echo
        .asked()
        .map(({ credentials }) => credentials)
        .sort(),
    ).toEqual(['ann:a/b:c?%40', 'bob:p@ss#1']);
  });

  test.for(['check', 'run'])('that would be a second cookie are refused by %s, by line and column', async (command, {
    onTestFinished,
  }) => {
    const { exitCode, stdout, stderr } = await highwater(onTestFinished, [command, 'plan.json'], {
      'plan.json': JSON.stringify({
        target: { url: 'ws://127.0.0.1:9/', cookies: { room: `\${row.room}` }, rows: 'rooms.csv' },
        load: LOAD,
      }),
      'rooms.csv': 'room\nplain\n"x; admin=1"\n',
    });
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(
      /^PLAN_INVALID {2}target\.rows: .*rooms\.csv, line 3, column room: expected a cookie value/m,
    );
    expect(stdout + stderr).not.toContain('admin');
  });

  test('of the environment are one value as well', async ({ onTestFinished }) => {
    const echo = await startEcho(onTestFinished);
    const { result } = await highwater(
      onTestFinished,
      ['run', 'plan.json', '--json'],
      {
        'plan.json': JSON.stringify({
          target: { url: `\${env.BASE}/\${env.ROOM}`, headers: { Cookie: `\${env.COOKIES}; client=\${client}` } },
          load: { ...LOAD, connections: 1 },
          drain: '5s',
        }),
      },
      { BASE: `ws://127.0.0.1:${echo.port}/ws`, ROOM: '../R&D#1', COOKIES: 'a=1; b=2' },
    );
    expect(result.connections).toMatchObject({ opened: 1, failed: 0 });
    expect(echo.asked()).toEqual([{ path: '/ws/..%2FR%26D%231', cookie: 'a=1; b=2; client=0', credentials: null }]);
  });
});

describe('files', TOGETHER, () => {
  const plan = { target: { url: 'ws://127.0.0.1:9/', rows: 'rows.csv' }, load: LOAD };
  const json = JSON.stringify(plan);
  const rows = 'room\nhall\n';

  test('with a byte order mark are read: plans, rows, behaviors and lists of faults', async ({ onTestFinished }) => {
    for (const name of ['plan.json', 'plan.yaml']) {
      const { exitCode, stderr } = await highwater(onTestFinished, ['check', name], {
        [name]: BOM + json,
        'rows.csv': BOM + rows,
      });
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    }
    // Both go on to what is wrong in them.
    const behavior = await highwater(onTestFinished, ['target', '--port', '0', '--behavior', 'b.json'], {
      'b.json': `${BOM}{"faults":[{"kind":"nosuch"}]}`,
    });
    expect(behavior.stderr).toContain('BEHAVIOR_INVALID  faults[0]');
    const faults = await highwater(onTestFinished, ['proxy', '0', 'ws://127.0.0.1:9', '--faults', 'f.json'], {
      'f.json': `${BOM}{"faults":[{"fault":"nosuch"}]}`,
    });
    expect(faults.stderr).toContain('FAULTS_INVALID  faults[0]');
  });

  test('in another encoding are refused by its name, or by the first byte that is wrong', async ({
    onTestFinished,
  }) => {
    const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
    const cases: readonly (readonly [Files, string])[] = [
      [{ 'plan.json': utf16(BOM + json) }, 'PLAN_UNREADABLE  plan.json: .* a text in UTF-16LE'],
      [{ 'plan.json': utf16(json).swap16() }, 'PLAN_UNREADABLE  plan.json: .* a text in UTF-16BE'],
      [{ 'plan.json': json, 'rows.csv': utf16(BOM + rows) }, 'ROWS_UNREADABLE  .*rows.csv: .* a text in UTF-16LE'],
      [
        { 'plan.json': json, 'rows.csv': Buffer.from('room\nM\xfcnchen\n', 'latin1') },
        'ROWS_UNREADABLE  .*rows.csv: .* not UTF-8.*byte 0xfc at line 2, column 2',
      ],
    ];
    for (const [files, problem] of cases) {
      for (const command of ['check', 'run']) {
        const { exitCode, stderr } = await highwater(onTestFinished, [command, 'plan.json'], files);
        expect(stderr).toMatch(new RegExp(problem));
        expect(exitCode).toBe(64);
      }
    }
  });
});
