// `--runs-dir`, alike wherever runs are written or looked for.

import { Option } from 'commander';

export function runsDirOption(): Option {
  return new Option('--runs-dir <dir>', 'where records are kept').env('HIGHWATER_RUNS_DIR').default('.highwater/runs');
}
