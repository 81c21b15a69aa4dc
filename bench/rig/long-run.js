// The record of a long run, made of the windows of a short one over and over: as large, and as varied, as a real one.

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { COMMAND } from '../highwater.js';

/**
 * @param {string} root an empty directory
 * @param {{ seconds: number, workers: number, connections: number, rate: string }} size
 * @returns {string} the directory of the long run
 */
export function makeLongRun(root, { seconds, workers, connections, rate }) {
  const args = ['run', 'reference', '-c', String(connections), '-r', rate, '-d', '6s', '-w', String(workers), '-q'];
  spawnSync(process.execPath, [COMMAND, ...args, '--runs-dir', root], { stdio: 'ignore' });
  const [short] = readdirSync(root);
  const from = path.join(root, short);
  const to = path.join(root, 'long');
  mkdirSync(to);
  const linesOf = (file) =>
    readFileSync(path.join(from, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const plan = JSON.parse(readFileSync(path.join(from, 'plan.json'), 'utf8'));
  writeFileSync(path.join(to, 'plan.json'), JSON.stringify(plan));
  const windows = linesOf('windows.ndjson');
  // The whole run each time, so that its books stay balanced.
  const length = 1 + Math.max(...windows.map(({ second }) => second));
  const lines = [];
  for (let base = 0; base < seconds; base += length) {
    for (const window of windows) {
      const second = base + window.second;
      lines.push(JSON.stringify({ ...window, second, untilNs: base * 1e9 + window.untilNs }));
    }
  }
  writeFileSync(path.join(to, 'windows.ndjson'), `${lines.join('\n')}\n`);
  const events = linesOf('events.ndjson').map((event) =>
    event.kind === 'runEnded' || event.kind === 'stopping' ? { ...event, atNs: seconds * 1e9 } : event,
  );
  writeFileSync(path.join(to, 'events.ndjson'), `${events.map((event) => JSON.stringify(event)).join('\n')}\n`);
  return to;
}
