import { expect, test } from 'vitest';
import { isLocalAddress, listedCount, portCount } from './machine.ts';
import { filesPerProcess, startProblems } from './process-limits.ts';

test('local ports are those of the range, less what is reserved in it', () => {
  expect(portCount('32768\t60999\n', '\n')).toBe(28_232);
  expect(portCount('32768\t60999\n', '8080,32768-32777,60999-61010,40000\n')).toBe(28_232 - 10 - 1 - 1);
  expect(portCount('40000 40009', null)).toBe(10);
  expect(portCount(null, null)).toBe(Number.POSITIVE_INFINITY);
});

test('a list of processors is counted by its spans', () => {
  expect(listedCount('0-3,6')).toBe(5);
  expect(listedCount('5')).toBe(1);
  expect(listedCount(undefined)).toBe(Number.POSITIVE_INFINITY);
});

test('an address is local where it can be bound, also one of the loopback that no interface lists', async () => {
  expect(await isLocalAddress('127.0.0.1')).toBe(true);
  expect(await isLocalAddress('192.0.2.1')).toBe(false);
  expect(await isLocalAddress('2001:db8::1')).toBe(false);
});

const limits = (
  files: string,
  address: string,
): string => `Limit                     Soft Limit           Hard Limit           Units
Max open files            1024                 ${files.padEnd(20)} files
Max locked memory         8388608              8388608              bytes
Max address space         ${address.padEnd(20)} unlimited            bytes
`;

test('the hard limit of files is what a process may open', () => {
  expect(filesPerProcess(limits('20000', 'unlimited'))).toBe(20_000);
  expect(filesPerProcess(limits('unlimited', 'unlimited'))).toBe(Number.POSITIVE_INFINITY);
  expect(filesPerProcess(null)).toBe(Number.POSITIVE_INFINITY);
});

test('a command that cannot be loaded says which limit that is, and what it should be', () => {
  expect(startProblems(limits('512', 'unlimited'))).toEqual([]);
  expect(startProblems(limits('unlimited', '1536000000'))).toEqual([]);
  expect(startProblems(null)).toEqual([]);
  expect(startProblems(limits('511', '1535999999'))).toEqual([
    'ulimit -n: expected at least 512 open files per process, got 511. Raise the limit',
    'ulimit -v: expected at least 1500000 KiB of address space per process, got 1499999 KiB. Raise the limit; it does not limit the memory in use',
  ]);
});
