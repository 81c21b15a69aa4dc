import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPrometheusMonitor } from './prometheus-monitor.ts';

/** An endpoint on the loopback; gone when the test is over. */
async function endpoint(answer: http.RequestListener): Promise<string> {
  const server = http.createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

const read = async (answer: http.RequestListener, series: readonly string[] = ['a', 'b']) =>
  createPrometheusMonitor(await endpoint(answer), series).read(AbortSignal.timeout(2000));

describe('an endpoint', () => {
  test('tells the series that are asked for', async () => {
    const seen: http.IncomingHttpHeaders[] = [];
    const reading = await read((request, response) => {
      seen.push(request.headers);
      response.end('# TYPE a gauge\na 1\nb{c="d"} 2.5 1700000000000\nother 3\n');
    });
    expect(reading).toEqual({ values: { a: 1, b: 2.5 }, gap: null });
    expect(seen[0]).toMatchObject({ accept: 'text/plain;version=0.0.4', connection: 'close' });
  });

  test('that lacks one of them, or has no number for it, leaves a gap beside the others', async () => {
    expect(await read((_, response) => response.end('a 1\n'))).toEqual({ values: { a: 1 }, gap: 'no series b' });
    expect(await read((_, response) => response.end('a 1\nb NaN\n'))).toEqual({ values: { a: 1 }, gap: 'b is NaN' });
    await expect(read((_, response) => response.end('c 1\n'))).rejects.toThrow('no series a, b');
  });

  test('that has a line of a series that cannot be read leaves a gap that names the line, and no sum without it', async () => {
    const lines = ['a{x="1"} 100', 'a{x="2"} seven', 'a{x="3"} 3', 'b 5'];
    const reading = await read((_, response) => response.end(`${lines.join('\n')}\n`));
    expect(reading).toEqual({ values: { b: 5 }, gap: 'line 2 is invalid, so a has no value: a{x="2"} seven' });
    const many = Array.from({ length: 5 }, (_, index) => `a{x="${index}"} seven`);
    const broken = await read((_, response) => response.end(`b 5\n${many.join('\n')}\n`));
    expect(broken.gap).toMatch(/^line 2 .*; line 4 .*; and 2 more such lines$/);
    await expect(read((_, response) => response.end(many.join('\n')), ['a'])).rejects.toThrow('line 1 is invalid');
  });

  test('that begins with a byte order mark is read from its first line on', async () => {
    expect(await read((_, response) => response.end('\ufeffa 1\nb 2\n'))).toEqual({
      values: { a: 1, b: 2 },
      gap: null,
    });
  });

  test('that answers HTML is told so, whatever it calls it', async () => {
    const html = 'the answer is HTML, not metrics: check the path';
    await expect(
      read((_, response) => response.setHeader('content-type', 'text/html; charset=utf-8').end('a 1\n')),
    ).rejects.toThrow(html);
    await expect(read((_, response) => response.end('\n<!doctype html><p>hello'))).rejects.toThrow(html);
    await expect(read((_, response) => response.end('hello'))).rejects.toThrow(
      'in the text format of Prometheus, got none',
    );
  });

  test('that refuses, redirects or says too much is a gap, and is followed nowhere', async () => {
    let asked = 0;
    await expect(
      read((_, response) => {
        asked++;
        response.writeHead(302, { location: '/elsewhere' }).end();
      }),
    ).rejects.toThrow('status 302: redirects are not followed');
    expect(asked).toBe(1);
    await expect(read((_, response) => response.writeHead(503).end())).rejects.toThrow('status 503');
    await expect(read((_, response) => response.end('x 1\n'.repeat(2e6)))).rejects.toThrow('larger than 4 MiB');
    await expect(createPrometheusMonitor('http://127.0.0.1:1/', ['a']).read(AbortSignal.timeout(2000))).rejects.toThrow(
      'ECONNREFUSED',
    );
  });

  test('that never ends its answer is called off', async () => {
    const url = await endpoint((_, response) => void response.write('a 1\n'));
    const control = new AbortController();
    const reading = createPrometheusMonitor(url, ['a']).read(control.signal);
    setTimeout(() => control.abort(), 50);
    await expect(reading).rejects.toThrow();
  });
});
