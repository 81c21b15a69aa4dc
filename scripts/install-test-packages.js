// System packages that the end-to-end tests drive as foreign servers. Installs what is missing where this
// process may (root on a Debian system); elsewhere says loudly which tests will be skipped. In CI a missing
// package is a failure: nothing may be skipped there.

import { spawnSync } from 'node:child_process';

const PACKAGES = [
  {
    name: 'python3-websockets',
    present: () => runs('/usr/bin/python3', ['-c', 'import websockets']),
    for: 'the Python echo server',
  },
  { name: 'nginx-light', present: () => runs('/usr/sbin/nginx', ['-v']), for: 'the reverse proxy with TLS' },
  { name: 'nftables', present: () => runs('nft', ['--version']), for: 'packets that are lost' },
  { name: 'iproute2', present: () => runs('ip', ['-V']) && runs('tc', ['-V']), for: 'packet faults' },
  { name: 'chromium', present: () => runs('chromium', ['--version']), for: 'the report in a browser' },
  { name: 'poppler-utils', present: () => runs('pdftotext', ['-v']), for: 'the pages of a PDF' },
  { name: 'openssl', present: () => runs('openssl', ['version']), for: 'test certificates' },
];

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

let missing = PACKAGES.filter((entry) => !entry.present());
if (missing.length > 0 && process.getuid?.() === 0 && runs('apt-get', ['--version'])) {
  console.log(`installing ${missing.map((entry) => entry.name).join(', ')}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env: environment });
  const names = missing.map((entry) => entry.name);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: environment,
  });
  missing = missing.filter((entry) => !entry.present());
}
for (const entry of missing) {
  console.error(
    `MISSING ${entry.name}: tests of ${entry.for} will be skipped. Install it with: apt-get install ${entry.name}`,
  );
}
process.exit(missing.length > 0 && process.env.CI === 'true' ? 1 : 0);
