// Charts as SVG without a browser, by ECharts. It is only loaded when a chart is to be drawn.

import type { Chart, ChartSize } from '../report/charts/chart.ts';
import { optionOf } from '../report/charts/option.ts';
import { LIGHT } from '../report/charts/palette.ts';

/** Of the PDF; what is no font of its own it does not draw. */
const LOOK = { palette: LIGHT, fontFamily: 'Roboto', isPrinted: true } as const;

export async function createChartDrawer(): Promise<(chart: Chart, size: ChartSize) => string> {
  const { init } = await import('echarts');
  return (chart, { widthPx, heightPx }) => {
    const drawing = init(null, null, { renderer: 'svg', ssr: true, width: widthPx, height: heightPx });
    try {
      drawing.setOption(optionOf(chart, { ...LOOK, widthPx }));
      return drawing.renderToSVGString();
    } finally {
      drawing.dispose();
    }
  };
}
