// A button for each line of a chart, which shows how it is drawn and takes it away or brings it back.

import type { LineChart } from '../report/charts/chart.ts';
import { DASHES, type Palette, POINTS } from '../report/charts/palette.ts';
import { isOfPoints } from '../report/charts/plot-frame.ts';

/** What the colors of a chart mean. */
export interface Legend {
  /** As it is drawn now. */
  color(palette: Palette): void;
}

export function addLineSwitches(
  chart: LineChart,
  controls: HTMLElement,
  onSwitch: (name: string, isShown: boolean) => void,
): Legend {
  const sample = isOfPoints(chart) ? pointSample : lineSample;
  const samples = chart.series.map(({ name }, place) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.setAttribute('aria-pressed', 'true');
    const { svg, mark } = sample(place);
    button.append(svg, name);
    button.addEventListener('click', () => {
      const isShown = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(isShown));
      onSwitch(name, isShown);
    });
    controls.append(button);
    return mark;
  });
  return {
    color(palette) {
      for (const [place, mark] of samples.entries()) {
        const color = palette.series[place % palette.series.length]!;
        mark.setAttribute('stroke', color);
        mark.setAttribute('fill', color);
      }
    },
  };
}

interface Sample {
  readonly svg: SVGSVGElement;
  readonly mark: SVGElement;
}

function lineSample(place: number): Sample {
  const dash = DASHES[place % DASHES.length]!;
  return sampleOf(26, 'line', {
    x2: '26',
    y1: '4',
    y2: '4',
    'stroke-width': '2',
    ...(dash === 'solid' ? {} : { 'stroke-dasharray': dash.join(' ') }),
  });
}

const POINT_PATHS: Readonly<Record<(typeof POINTS)[number], string>> = {
  circle: 'M0 4a4 4 0 1 0 8 0a4 4 0 1 0 -8 0',
  triangle: 'M0 8L4 0L8 8Z',
  diamond: 'M4 0L8 4L4 8L0 4Z',
  rect: 'M0 0H8V8H0Z',
};

function pointSample(place: number): Sample {
  return sampleOf(8, 'path', { d: POINT_PATHS[POINTS[place % POINTS.length]!], 'stroke-width': '0' });
}

function sampleOf(widthPx: number, name: 'line' | 'path', drawn: Readonly<Record<string, string>>): Sample {
  const make = <Name extends keyof SVGElementTagNameMap>(tag: Name) =>
    document.createElementNS('http://www.w3.org/2000/svg', tag);
  const svg = make('svg');
  svg.setAttribute('width', String(widthPx));
  svg.setAttribute('height', '8');
  svg.setAttribute('aria-hidden', 'true');
  const mark = make(name);
  for (const [attribute, value] of Object.entries(drawn)) mark.setAttribute(attribute, value);
  svg.append(mark);
  return { svg, mark };
}
