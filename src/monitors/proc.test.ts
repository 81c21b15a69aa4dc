import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createMachineMonitor, machineProblem } from './machine-monitor.ts';
import { createProcessMonitor, processProblem } from './process-monitor.ts';

const signal = new AbortController().signal;
/** What a process and the machine use is read from there. */
const hasProc = existsSync('/proc/self/stat');

/** A tree like /proc. */
function fakeProc() {
  const root = mkdtempSync(path.join(tmpdir(), 'highwater-proc-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  };
  return {
    root,
    write,
    process(pid: number, { ticks = 0, startedTicks = 5, rssKb = 0, state = 'S', children = '' } = {}): void {
      const before = `1 1 1 0 -1 0 0 0 0 0`;
      write(`${pid}/stat`, `${pid} (a) b) c) ${state} ${before} ${ticks} ${ticks} 0 0 20 0 3 0 ${startedTicks} 0 0\n`);
      write(`${pid}/status`, `Name:\ta\nVmRSS:\t${rssKb} kB\nThreads:\t3\n`);
      write(`${pid}/task/${pid}/children`, children);
      write(`${pid}/fd/0`, '');
    },
    remove: (pid: number) => rmSync(path.join(root, String(pid)), { recursive: true }),
  };
}

describe('a process and its children', () => {
  test('are added up, and a child that ends takes no CPU time back', async () => {
    const proc = fakeProc();
    let nowNs = 0;
    proc.process(10, { ticks: 100, rssKb: 1000, children: '11 ' });
    proc.process(11, { ticks: 1000, rssKb: 500, children: '12 ' });
    proc.process(12, { rssKb: 24 });
    const monitor = createProcessMonitor(10, { root: proc.root, nowNs: () => nowNs });
    const first = await monitor.read(signal);
    expect(first).toMatchObject({ values: { rssBytes: 1524 * 1024, threads: 9, processes: 3 }, gap: null });
    expect(first.values).not.toHaveProperty('cpuRatio');
    nowNs = 1e9;
    proc.process(10, { ticks: 110, rssKb: 1000, children: '12 13' });
    proc.process(13, { ticks: 5, startedTicks: 99, rssKb: 1 });
    proc.remove(11);
    // 10 ticks of user and of system time by the first, 5 and 5 by a child that is new: 300 ms of a second.
    expect((await monitor.read(signal)).values).toMatchObject({ cpuRatio: 0.3, processes: 3 });
  });

  test('are a gap once they are gone, also where another has the number', async () => {
    const proc = fakeProc();
    proc.process(10);
    const monitor = createProcessMonitor(10, { root: proc.root });
    proc.process(10, { startedTicks: 6 });
    await expect(monitor.read(signal)).rejects.toThrow('process 10 is gone, and another process has its id');
    proc.process(10, { state: 'Z' });
    await expect(monitor.read(signal)).rejects.toThrow('process 10 is gone');
    proc.remove(10);
    await expect(monitor.read(signal)).rejects.toThrow('process 10 is gone');
    expect(processProblem(10, proc.root)).toMatch(/^expected Linux/);
    proc.process(process.pid);
    expect(processProblem(10, proc.root)).toBe('expected a running process, got 10, which does not run');
    expect(processProblem(process.pid, proc.root)).toBeNull();
  });

  test.skipIf(!hasProc)('are what the kernel says of them', async () => {
    const child = spawn(process.execPath, [
      '-e',
      'const held = Buffer.alloc(50e6, 1); setInterval(() => held[0]++, 1000)',
    ]);
    await once(child, 'spawn');
    const monitor = createProcessMonitor(process.pid);
    const startedMs = performance.now();
    await monitor.read(signal);
    const { user } = process.cpuUsage();
    while (process.cpuUsage().user - user < 300_000);
    const { values, gap } = await monitor.read(signal);
    const seconds = (performance.now() - startedMs) / 1000;
    child.kill();
    expect(gap).toBeNull();
    expect(values.rssBytes).toBeGreaterThan(process.memoryUsage.rss());
    // 0.3 s of CPU, less two ticks of the kernel's, however long they took.
    expect((values.cpuRatio ?? 0) * seconds).toBeGreaterThan(0.28);
    expect(values.processes).toBeGreaterThanOrEqual(2);
    expect(values.fileDescriptors).toBeGreaterThanOrEqual(6);
    expect(values.threads).toBeGreaterThanOrEqual(4);
  });
});

describe('the machine', () => {
  const counted = {
    busy: 100,
    idle: 900,
    received: 1000,
    sent: 2000,
    loopback: 10,
    retransmits: 3,
    resets: 1,
    sentResets: 2,
  };

  function tell({ write }: ReturnType<typeof fakeProc>, now: typeof counted): void {
    write('stat', `cpu  ${now.busy} 0 0 ${now.idle} 0 0 0 0 50 0\ncpu0 1 2 3 4\n`);
    write('meminfo', 'MemTotal:        1000 kB\nMemFree:          100 kB\nMemAvailable:     400 kB\n');
    write(
      'net/dev',
      `Inter-|   Receive  |  Transmit\n face |bytes packets|bytes packets\n    lo: ${now.loopback} 1 0 0 0 0 0 0 ${now.loopback} 1 0 0 0 0 0 0\n  eth0:${now.received} 1 0 0 0 0 0 0 ${now.sent} 1 0 0 0 0 0 0\n`,
    );
    write(
      'net/snmp',
      `Ip: Forwarding\nIp: 1\nTcp: RtoAlgorithm EstabResets RetransSegs OutRsts\nTcp: 1 ${now.resets} ${now.retransmits} ${now.sentResets}\n`,
    );
  }

  test('tells its memory, and the rest as rates from the second tick on', async () => {
    const proc = fakeProc();
    let nowNs = 0;
    const monitor = createMachineMonitor({ root: proc.root, nowNs: () => nowNs });
    tell(proc, counted);
    expect(await monitor.read(signal)).toEqual({ values: { memoryUsedBytes: 600 * 1024 }, gap: null });
    nowNs = 2e9;
    tell(proc, {
      busy: 150,
      idle: 1050,
      received: 1100,
      sent: 2600,
      loopback: 30,
      retransmits: 7,
      resets: 3,
      sentResets: 2,
    });
    expect((await monitor.read(signal)).values).toEqual({
      memoryUsedBytes: 600 * 1024,
      cpuRatio: 0.25,
      receivedBytesPerSecond: 50,
      sentBytesPerSecond: 300,
      loopbackBytesPerSecond: 10,
      tcpRetransmitsPerSecond: 2,
      tcpResetsPerSecond: 1,
      tcpResetsSentPerSecond: 0,
    });
  });

  test('that does not tell something is a gap, and one without /proc is known before the run', async () => {
    const proc = fakeProc();
    tell(proc, counted);
    proc.write('meminfo', 'MemTotal: 1000 kB\n');
    expect(await createMachineMonitor({ root: proc.root }).read(signal)).toEqual({
      values: {},
      gap: 'this kernel does not report memoryUsedBytes',
    });
    expect(machineProblem('/nowhere')).toMatch(/^expected Linux with \/proc, got: ENOENT/);
    if (hasProc) expect(machineProblem()).toBeNull();
  });
});
