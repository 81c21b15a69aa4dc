// A machine with room for every run of a test.

import type { MachineLimits } from '../../src/run/ports.ts';

export const ROOMY_MACHINE: MachineLimits = {
  cores: 4,
  allowedCores: 4,
  coresBoundBy: 'machine',
  memoryBytes: 8e9,
  allowedMemoryBytes: 8e9,
  filesPerProcess: 20_000,
  portsPerAddress: 28_000,
  platform: 'linux',
  cpuModel: 'test',
  hostname: 'here',
  nodeVersion: 'v20',
};
