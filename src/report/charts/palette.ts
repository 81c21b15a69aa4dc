// Colors of charts, told apart also by readers who see few colors (after Okabe and Ito, Color Universal Design), each with
// a contrast of at least 3 : 1 to its ground (WCAG 2.2, 1.4.11). Lines differ in their dashes as well.

export interface Palette {
  readonly ground: string;
  readonly text: string;
  /** Axes, and words about them. */
  readonly quiet: string;
  readonly grid: string;
  readonly series: readonly string[];
  readonly stage: string;
  readonly fault: string;
  readonly faultEdge: string;
  /** Every other level of a plan's runs. */
  readonly level: string;
  readonly limit: string;
  /** From few to many. */
  readonly heat: readonly string[];
}

export const LIGHT: Palette = {
  ground: '#ffffff',
  text: '#1b2430',
  quiet: '#566173',
  grid: '#e3e7ed',
  series: ['#0063a8', '#c04f00', '#007a59', '#a3457f', '#5d4ca8', '#8a6100', '#2a7fa3', '#6b7280'],
  stage: 'rgba(90, 110, 140, 0.09)',
  fault: 'rgba(200, 60, 30, 0.14)',
  faultEdge: 'rgba(200, 60, 30, 0.45)',
  level: 'rgba(90, 110, 140, 0.14)',
  limit: '#b3261e',
  heat: ['#c2d8ec', '#8fbede', '#56a0ce', '#1f6fb2', '#083d7d', '#041d42'],
};

export const DARK: Palette = {
  ground: '#161b22',
  text: '#e8edf3',
  quiet: '#a4b0bf',
  grid: '#2b333f',
  series: ['#62b6f0', '#f0913f', '#35c79a', '#e58fc4', '#a99bf0', '#dcb042', '#7fd1e8', '#9aa5b4'],
  stage: 'rgba(150, 170, 200, 0.10)',
  fault: 'rgba(255, 110, 70, 0.20)',
  faultEdge: 'rgba(255, 110, 70, 0.55)',
  level: 'rgba(150, 170, 200, 0.16)',
  limit: '#ff8a80',
  heat: ['#1f4766', '#26689a', '#3a8cc4', '#68b3e0', '#a6d5f2', '#eaf6ff'],
};

/** In the order of the series, where they are points. */
export const POINTS = ['circle', 'triangle', 'diamond', 'rect'] as const;

/** In the order of the series; `solid` first. */
export const DASHES: readonly (readonly number[] | 'solid')[] = [
  'solid',
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
  [4, 4],
  [12, 3],
  [2, 5],
  [6, 2, 2, 2],
];
