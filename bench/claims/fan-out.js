// One client publishes, 5,000 receive it: verified deliveries a second on two cores, the target among them. The reference target
// has one core, the generator the other; what limits the rate is said by the CPU of each.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { COMMAND, runHighwater } from '../highwater.js';

const RECEIVERS = 5000;
const SECONDS = 10;
const RATES_PER_SECOND = [20, 16, 12, 8, 4];
const TICKS_PER_SECOND = 100;

export async function rows() {
  const directory = mkdtempSync(path.join(tmpdir(), 'highwater-fan-out-'));
  try {
    for (const rate of RATES_PER_SECOND) {
      const { result, targetCpuRatio } = await publish(directory, rate);
      const { fanout, generator } = result;
      const perSecond = Math.round(fanout.received / SECONDS);
      const isSustained = fanout.missed === 0 && (fanout.spread.last.p50Ms ?? Number.POSITIVE_INFINITY) < 1000 / rate;
      if (!isSustained && rate !== RATES_PER_SECOND.at(-1)) continue;
      const last = fanout.spread.last.p50Ms?.toFixed(0);
      const cpu = `CPU: target ${percent(targetCpuRatio)}, generator ${percent(generator.cpuRatioMax)}`;
      return [
        {
          claim: `1 publisher, ${RECEIVERS.toLocaleString('en')} receivers: verified deliveries a second`,
          goal: '100,000/s',
          measured: `${perSecond.toLocaleString('en')}/s, to last p50 ${last} ms (${cpu})`,
          reached: perSecond >= 0.99 * RECEIVERS * 20 && isSustained,
        },
      ];
    }
    return [];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function publish(directory, rate) {
  const target = spawn('taskset', ['-c', '0', process.execPath, COMMAND, 'target'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await new Promise((resolve) =>
      target.stdout.once('data', (text) => resolve(/listening (\S+)/.exec(String(text))[1])),
    );
    const file = path.join(directory, 'plan.json');
    const plan = {
      target: { url: `${url}/rooms/\${room}` },
      load: {
        connections: RECEIVERS + 1,
        messages: { open: { rate: `${rate}/s`, for: `${SECONDS}s` } },
        bytes: 100,
        rooms: { count: 1, publishers: 1, settle: '2s' },
      },
      drain: '3s',
    };
    writeFileSync(file, JSON.stringify(plan));
    const before = cpuTicks(target.pid);
    const result = await runHighwater(1, [file, '-w', '1']);
    const targetCpuRatio = (cpuTicks(target.pid) - before) / TICKS_PER_SECOND / result.run.durationSeconds;
    return { result, targetCpuRatio };
  } finally {
    target.kill('SIGKILL');
  }
}

/** User and system time, from /proc. */
function cpuTicks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

const percent = (ratio) => `${Math.round(100 * ratio)} %`;
