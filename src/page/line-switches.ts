// A button for each line of a chart, which shows how it is drawn and takes it away or brings it back.

import type { LineChart } from '../report/charts/chart.ts';
import { DASHES, type Palette } from '../report/charts/palette.ts';

export interface LineSwitches {
  /** As the lines are drawn now. */
  color(palette: Palette): void;
}

export function addLineSwitches(
  { series }: LineChart,
  controls: HTMLElement,
  onSwitch: (name: string, isShown: boolean) => void,
): LineSwitches {
  const samples = series.map(({ name }, place) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.setAttribute('aria-pressed', 'true');
    const { svg, line } = sample(place);
    button.append(svg, name);
    button.addEventListener('click', () => {
      const isShown = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(isShown));
      onSwitch(name, isShown);
    });
    controls.append(button);
    return line;
  });
  return {
    color(palette) {
      for (const [place, line] of samples.entries()) {
        line.setAttribute('stroke', palette.series[place % palette.series.length]!);
      }
    },
  };
}

function sample(place: number): { readonly svg: SVGSVGElement; readonly line: SVGLineElement } {
  const make = <Name extends keyof SVGElementTagNameMap>(name: Name) =>
    document.createElementNS('http://www.w3.org/2000/svg', name);
  const svg = make('svg');
  svg.setAttribute('width', '26');
  svg.setAttribute('height', '8');
  svg.setAttribute('aria-hidden', 'true');
  const line = make('line');
  const dash = DASHES[place % DASHES.length]!;
  const drawn = {
    x2: '26',
    y1: '4',
    y2: '4',
    'stroke-width': '2',
    ...(dash === 'solid' ? {} : { 'stroke-dasharray': dash.join(' ') }),
  };
  for (const [attribute, value] of Object.entries(drawn)) line.setAttribute(attribute, value);
  svg.append(line);
  return { svg, line };
}
