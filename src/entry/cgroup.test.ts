import { describe, expect, test } from 'vitest';
import { cpuQuota, memoryKills, memoryLimitBytes, throttledNs } from './cgroup.ts';
import type { ReadSystemFile } from './process-limits.ts';

const reading =
  (files: Readonly<Record<string, string>>): ReadSystemFile =>
  (file) =>
    files[file] ?? null;

const SELF = '/proc/self/cgroup';
const MOUNTS = '/proc/self/mountinfo';
const NONE = { cores: Number.POSITIVE_INFINITY, statFiles: [] };

/** Of Linux 6.8 with version 2 alone, a process two groups down. */
const V2 = {
  [SELF]: '0::/user.slice/load.service\n',
  [MOUNTS]: `21 28 0:20 / /proc rw,nosuid,nodev,noexec,relatime shared:12 - proc proc rw
30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`,
};
const v2 = (files: Readonly<Record<string, string>>): ReadSystemFile =>
  reading({
    ...V2,
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [`/sys/fs/cgroup${name}`, text])),
  });

/** Of Linux 4.15 with version 1: cpu and cpuacct are one hierarchy, and version 2 is mounted without a controller. */
const HYBRID = {
  [SELF]: `11:memory:/pods/a
4:cpu,cpuacct:/pods/a/highwater
1:name=systemd:/pods/a
0::/pods/a
`,
  [MOUNTS]: `31 25 0:27 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup rw,nsdelegate
32 25 0:28 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:10 - cgroup cgroup rw,xattr,name=systemd
35 25 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:14 - cgroup cgroup rw,cpu,cpuacct
41 25 0:37 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:20 - cgroup cgroup rw,memory
`,
};
const CPU = '/sys/fs/cgroup/cpu,cpuacct';
const MEMORY = '/sys/fs/cgroup/memory';

describe('the quota of CPU', () => {
  test('of version 2 is a share of a period, and counters stand beside it', () => {
    const read = v2({ '/user.slice/load.service/cpu.max': '40000 100000\n', '/user.slice/cpu.max': 'max 100000\n' });
    expect(cpuQuota(read)).toEqual({ cores: 0.4, statFiles: ['/sys/fs/cgroup/user.slice/load.service/cpu.stat'] });
  });

  test('of any group on the way up counts, and the smallest is what is left', () => {
    const read = v2({ '/user.slice/load.service/cpu.max': '300000 100000\n', '/user.slice/cpu.max': '25000 50000\n' });
    expect(cpuQuota(read)).toEqual({
      cores: 0.5,
      statFiles: ['/sys/fs/cgroup/user.slice/load.service/cpu.stat', '/sys/fs/cgroup/user.slice/cpu.stat'],
    });
  });

  test('max, -1 and nothing at all are no quota', () => {
    expect(cpuQuota(v2({ '/user.slice/load.service/cpu.max': 'max 100000\n' }))).toEqual(NONE);
    const read = reading({
      ...HYBRID,
      [`${CPU}/pods/cpu.cfs_quota_us`]: '-1\n',
      [`${CPU}/pods/cpu.cfs_period_us`]: '100000\n',
    });
    expect(cpuQuota(read)).toEqual(NONE);
    expect(cpuQuota(reading({}))).toEqual(NONE);
    expect(cpuQuota(reading({ [SELF]: '0::/\n', [MOUNTS]: 'nothing that is a mount\n\n' }))).toEqual(NONE);
  });

  test('of version 1 is found beside a version 2 that has no controllers, under whatever name it is mounted', () => {
    const files = { [`${CPU}/pods/a/cpu.cfs_quota_us`]: '150000\n', [`${CPU}/pods/a/cpu.cfs_period_us`]: '100000\n' };
    expect(cpuQuota(reading({ ...HYBRID, ...files }))).toEqual({ cores: 1.5, statFiles: [`${CPU}/pods/a/cpu.stat`] });
  });

  test('in a container whose namespace begins at its own group is that of the top', () => {
    const read = reading({
      [SELF]: '0::/\n',
      [MOUNTS]: '900 899 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw\n',
      '/sys/fs/cgroup/cpu.max': '200000 100000\n',
    });
    expect(cpuQuota(read)).toEqual({ cores: 2, statFiles: ['/sys/fs/cgroup/cpu.stat'] });
  });

  test('in a container that sees the path of the host is found below the part that is mounted', () => {
    const mounted = (path: string, files: Readonly<Record<string, string>>): ReadSystemFile =>
      reading({
        [SELF]: `4:cpu,cpuacct:${path}\n`,
        [MOUNTS]:
          '700 699 0:31 /docker/4f2a /sys/fs/cgroup/cpu,cpuacct ro,nosuid,relatime master:14 - cgroup cgroup rw,cpu,cpuacct\n',
        ...files,
      });
    const top = { [`${CPU}/cpu.cfs_quota_us`]: '50000\n', [`${CPU}/cpu.cfs_period_us`]: '100000\n' };
    expect(cpuQuota(mounted('/docker/4f2a', top))).toEqual({ cores: 0.5, statFiles: [`${CPU}/cpu.stat`] });
    const inner = { [`${CPU}/in/cpu.cfs_quota_us`]: '20000\n', [`${CPU}/in/cpu.cfs_period_us`]: '100000\n' };
    expect(cpuQuota(mounted('/docker/4f2a/in', { ...top, ...inner }))).toEqual({
      cores: 0.2,
      statFiles: [`${CPU}/in/cpu.stat`, `${CPU}/cpu.stat`],
    });
    // A path that has nothing to do with what is mounted, or leads out of the namespace: the top is all there is.
    expect(cpuQuota(mounted('/docker/4f2abc', top)).cores).toBe(0.5);
    expect(cpuQuota(mounted('/../../other', top)).cores).toBe(0.5);
  });

  test('of a mount with a space in its name', () => {
    const read = reading({
      [SELF]: '2:cpu:/a\n',
      [MOUNTS]: '35 25 0:31 / /mnt/my\\040groups rw,relatime - cgroup cgroup rw,cpu\n',
      '/mnt/my groups/a/cpu.cfs_quota_us': '100000\n',
      '/mnt/my groups/a/cpu.cfs_period_us': '100000\n',
    });
    expect(cpuQuota(read).cores).toBe(1);
  });
});

describe('the limit of memory', () => {
  test('is the smallest on the way up, in both versions', () => {
    expect(
      memoryLimitBytes(v2({ '/user.slice/load.service/memory.max': 'max\n', '/user.slice/memory.max': '536870912\n' })),
    ).toBe(536_870_912);
    const v1 = {
      [`${MEMORY}/pods/a/memory.limit_in_bytes`]: '268435456\n',
      [`${MEMORY}/memory.limit_in_bytes`]: '9223372036854771712\n',
    };
    expect(memoryLimitBytes(reading({ ...HYBRID, ...v1 }))).toBe(268_435_456);
  });

  test('is none where nobody says one', () => {
    expect(memoryLimitBytes(v2({ '/user.slice/memory.max': 'max\n' }))).toBe(Number.POSITIVE_INFINITY);
    expect(memoryLimitBytes(reading({}))).toBe(Number.POSITIVE_INFINITY);
  });

  test('has killed as often as its counters say', () => {
    const events = 'low 0\nhigh 0\nmax 41\noom 2\noom_kill 1\noom_group_kill 0\n';
    expect(memoryKills(v2({ '/user.slice/memory.events': events }))).toBe(1);
    const control = { [`${MEMORY}/pods/a/memory.oom_control`]: 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n' };
    expect(memoryKills(reading({ ...HYBRID, ...control }))).toBe(3);
    expect(memoryKills(reading({}))).toBe(0);
  });
});

test('throttled time is in nanoseconds in version 1 and in microseconds in version 2', () => {
  const read = reading({
    '/one': 'nr_periods 147\nnr_throttled 127\nthrottled_time 7015144597\nnr_bursts 0\nburst_time 0\n',
    '/two':
      'usage_usec 9000\nuser_usec 6000\nsystem_usec 3000\nnr_periods 40\nnr_throttled 12\nthrottled_usec 850000\n',
  });
  expect(throttledNs(['/one'], read)).toBe(7_015_144_597);
  expect(throttledNs(['/two'], read)).toBe(850e6);
  expect(throttledNs(['/one', '/two', '/gone'], read)).toBe(7_865_144_597);
  expect(throttledNs([], read)).toBe(0);
});
