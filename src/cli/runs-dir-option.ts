// `--runs-dir`, alike wherever runs are written or looked for.

import { Option } from 'commander';

export function runsDirOption(): Option {
  return new Option('--runs-dir <dir>', 'where records of runs are stored')
    .env('HIGHWATER_RUNS_DIR')
    .default('.highwater/runs');
}
