// What the colors of a heat map mean, above it: a swatch and a range of counts for each.

import type { HeatMap } from '../report/charts/chart.ts';
import { heatSteps } from '../report/charts/heat-option.ts';
import { LIGHT } from '../report/charts/palette.ts';
import type { Legend } from './line-switches.ts';

export function addHeatLegend(chart: HeatMap, place: HTMLElement): Legend {
  const controls = document.createElement('div');
  controls.className = 'controls';
  const swatches = heatSteps(chart, LIGHT).map(({ text }) => {
    const item = document.createElement('span');
    item.style.fontSize = '.8125rem';
    item.style.whiteSpace = 'nowrap';
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('width', '14');
    svg.setAttribute('height', '12');
    svg.setAttribute('aria-hidden', 'true');
    const swatch = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    swatch.setAttribute('width', '14');
    swatch.setAttribute('height', '12');
    svg.append(swatch);
    item.append(svg, text);
    controls.append(item);
    return swatch;
  });
  place.before(controls);
  return {
    color(palette) {
      for (const [step, { color }] of heatSteps(chart, palette).entries()) swatches[step]!.setAttribute('fill', color);
    },
  };
}
