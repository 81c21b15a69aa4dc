// What makes a report move in the reader's browser: charts that answer to pointer and keyboard, tables that sort, light and
// dark. Bundled into one script that stands in the page; a page without it still has every table and every word.

import type { PageChart } from '../report/html/page.ts';
import { drawCharts } from './draw-charts.ts';
import { sortTables } from './sort-tables.ts';
import { followTheme } from './theme.ts';

const charts = JSON.parse(document.getElementById('charts')?.textContent ?? '[]') as readonly PageChart[];
const theme = followTheme(document.querySelector('.bar'));
sortTables(document);
drawCharts(charts, theme);
