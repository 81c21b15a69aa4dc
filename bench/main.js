// `npm run bench`: one row a claim, from one run, as ratios against something measured beside it. Each claim
// is a file in bench/claims/ that exports `rows(context)`. `npm run bench -- closed idle` runs those alone;
// `--long` adds the ten-minute run.

import { parseArgs } from 'node:util';
import { buildRig } from './rig/build.js';

const CLAIMS = [
  'message-path',
  'closed',
  'pipelined',
  'ledger',
  'json-protocol',
  'fan-out',
  'compression',
  'proxy',
  'idle',
  'open-loop',
  'security',
  'monitors',
  'startup',
  'reports',
  'history',
  'many-clients',
  'flat-memory',
];
const SLOW = ['flat-memory'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { long: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => !CLAIMS.includes(name));
if (unknown.length > 0) {
  console.error(`bench: expected some of ${CLAIMS.join(', ')}, got ${unknown.join(', ')}`);
  process.exit(64);
}
const wanted = positionals.length > 0 ? positionals : CLAIMS.filter((name) => values.long || !SLOW.includes(name));

const rig = buildRig();
if (rig === null) console.error('bench: no C compiler here; rows against the C rig are left out');

/** @typedef {{ claim: string, goal: string, measured: string, reached: boolean | null }} Row */
/** @type {Row[]} */
const all = [];
for (const name of wanted) {
  console.error(`bench: ${name} …`);
  const { rows } = await import(`./claims/${name}.js`);
  for (const row of await rows({ rig })) {
    all.push(row);
    if (!values.json) console.log(line(row));
  }
}
if (values.json) console.log(JSON.stringify(all, null, 2));
process.exitCode = all.some((row) => row.reached === false) ? 1 : 0;

/** @param {Row} row */
function line({ claim, goal, measured, reached }) {
  const mark = reached === null ? '  ' : reached ? 'ok' : 'x ';
  return `${mark} ${claim.padEnd(62)} ${goal.padEnd(24)} ${measured}`;
}
