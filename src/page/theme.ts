// Light or dark: as the reader's system has it, until the reader says otherwise; on paper always light.

import { DARK, LIGHT, type Palette } from '../report/charts/palette.ts';

export interface Theme {
  palette(): Palette;
  onChange(listener: () => void): void;
}

export function followTheme(bar: Element | null): Theme {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const root = document.documentElement;
  const listeners: (() => void)[] = [];
  const isDark = (): boolean => (root.dataset.theme === undefined ? system.matches : root.dataset.theme === 'dark');
  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  const button = document.createElement('button');
  button.type = 'button';
  const name = (): void => {
    button.textContent = isDark() ? 'Light' : 'Dark';
    button.setAttribute('aria-label', `Show in ${isDark() ? 'light' : 'dark'} colors`);
  };
  button.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    name();
    tell();
  });
  system.addEventListener('change', () => {
    name();
    tell();
  });
  name();
  bar?.append(button);

  return {
    palette: () => (isDark() ? DARK : LIGHT),
    onChange: (listener) => void listeners.push(listener),
  };
}
