// What rendering a report needs of this platform.

import { inflateSync } from 'node:zlib';
import type { ReportTools } from '../report/files/report-file.ts';
import { createChartDrawer } from './chart-drawer.ts';
import { readPageScript } from './page-script.ts';
import { makePdf } from './pdf-maker.ts';

/** A histogram of ours is not larger. */
const MAX_HISTOGRAM_BYTES = 16 * 1024 ** 2;

export const REPORT_TOOLS: ReportTools = {
  inflate: (bytes) => inflateSync(bytes, { maxOutputLength: MAX_HISTOGRAM_BYTES }),
  pageScript: readPageScript,
  chartDrawer: createChartDrawer,
  makePdf,
};
